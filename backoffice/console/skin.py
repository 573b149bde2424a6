"""How the console looks and what its sidebar says: plain data, so that settings can read it before any app is loaded.

The skin (Unfold) wants callables as dotted strings: a lambda given as a badge is silently ignored. The frame names apps
only here and only as strings: sidebar links, counts, and the panels that each floor adds to a page of a floor below.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _may(permission: str) -> Any:
    def check(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return check


def _is_local(request: HttpRequest) -> bool:
    return bool(settings.LOCAL)


def _item(title: str, icon: str, url: str, permission: str, **extra: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{url}"), "permission": _may(permission), **extra}


SIDEBAR = [
    {
        "title": "Work",
        "items": [
            {"title": "Today", "icon": "today", "link": reverse_lazy("admin:index")},
            _item("Claims", "package_2", "protection_claim_changelist", "protection.view_claim",
                  badge="protection.admin.counts.badge", hint="claims to decide"),
            _item("Incidents", "crisis_alert", "protection_incident_changelist", "protection.view_incident"),
            _item("Alike?", "balance", "protection_compareddecision_changelist", "protection.view_compareddecision"),
            _item("Recoveries", "local_shipping", "protection_recovery_changelist", "protection.view_recovery",
                  badge="protection.admin.recovery_panels.badge", hint="due this week, asked or in doubt"),
            _item("Orders", "receipt_long", "orders_order_changelist", "orders.view_order"),
            _item("Stock", "inventory", "orders_stockitem_changelist", "orders.view_stockitem"),
            _item("Journal", "history", "orders_journalentry_changelist", "orders.view_journalentry"),
        ],
    },
    {
        "title": "Delivery guarantee",
        "items": [
            _item("Earnings and costs", "payments", "protection_money", "protection.view_money"),
        ],
    },
    {
        "title": "Sync",
        "items": [
            _item("In step?", "grid_view", "integrations_drift_changelist", "integrations.view_delivery",
                  badge="integrations.admin.counts.drift_badge", hint="orders that differ"),
            _item("Alerts", "notifications", "integrations_alert_changelist", "integrations.view_alert",
                  badge="integrations.admin.alerts.alerts_badge", hint="open"),
            _item("Connections", "hub", "integrations_connection_changelist", "integrations.view_connection",
                  badge="integrations.admin.counts.paused_badge", hint="paused"),
            _item("Passes", "published_with_changes", "integrations_syncrun_changelist", "integrations.view_syncrun"),
            _item("Messages", "move_to_inbox", "integrations_inboundmessage_changelist",
                  "integrations.view_inboundmessage",
                  badge="integrations.admin.counts.inbox_badge", hint="failed or parked"),
            _item("Deliveries", "outbox", "integrations_delivery_changelist", "integrations.view_delivery",
                  badge="integrations.admin.counts.outbox_badge", hint="parked"),
            _item("Privacy requests", "shield_person", "integrations_privacyrequest_changelist",
                  "integrations.view_privacyrequest",
                  badge="integrations.admin.counts.privacy_badge", hint="to be done"),
        ],
    },
    {
        "title": "Set-up",
        "items": [
            _item("Connect a store", "add_link", "integrations_connection_connect", "integrations.change_connection"),
            _item("Plans", "shield", "protection_plan_changelist", "protection.view_plan"),
            _item("Plan versions", "published_with_changes", "protection_planversion_changelist",
                  "protection.view_planversion"),
            _item("Covered orders", "verified_user", "protection_coverage_changelist", "protection.view_coverage"),
            _item("Fees due back", "currency_exchange", "protection_feerefund_changelist",
                  "protection.view_feerefund"),
            _item("Covered by law", "gavel", "protection_statutoryduty_changelist", "protection.view_statutoryduty"),
            _item("Reason rules", "rule", "protection_reasonrule_changelist", "protection.view_reasonrule"),
            _item("Carriers", "conveyor_belt", "protection_carrier_changelist", "protection.view_carrier"),
            _item("Carrier terms", "event_busy", "protection_carrierterms_changelist", "protection.view_carrierterms"),
            _item("Message templates", "mail", "protection_messagetemplate_changelist",
                  "protection.view_messagetemplate"),
            _item("Macros", "quickreply", "protection_macro_changelist", "protection.view_macro"),
            _item("Mail to customers", "forward_to_inbox", "protection_customermail_changelist",
                  "protection.view_customermail"),
            _item("Routing rules", "alt_route", "protection_routingrule_changelist", "protection.view_routingrule"),
            _item("Approval limits", "price_check", "protection_approvallimit_changelist",
                  "protection.view_approvallimit"),
            _item("Alert limits", "notification_settings", "integrations_alertlimit_changelist",
                  "integrations.view_alertlimit"),
            _item("Partners", "handshake", "backoffice_partner_changelist", "backoffice.view_partner"),
            _item("API keys", "key", "backoffice_apikey_changelist", "backoffice.view_apikey"),
            _item("Staff", "group", "auth_user_changelist", "auth.view_user"),
            _item("Roles", "badge", "auth_group_changelist", "auth.view_group"),
            {"title": "Mail", "icon": "mail", "link": reverse_lazy("admin:mail"), "permission": _is_local},
        ],
    },
]  # fmt: skip

# Who counts what the sidebar shows; see counts.py.
COUNTS = [
    "protection.admin.counts.open_claims",
    "protection.admin.recovery_panels.states",
    "protection.admin.recovery_panels.doubts_and_due",
    "integrations.admin.counts.stuck",
    "integrations.admin.counts.paused",
    "integrations.admin.counts.differing",
    "integrations.admin.counts.demanded",
    "integrations.admin.alerts.counted",
]

# Place on a page → who fills it, top to bottom. Each is called with (request, subject) and returns a Panel or None.
PANELS = {
    "today": [
        "integrations.admin.alerts.open_alerts",
        "integrations.admin.store_troubles.open_troubles",
        "protection.admin.incidents.under_way",
        "protection.admin.today.open_claims",
        "integrations.admin.today.sync_health",
        "protection.admin.today.next_claims",
        "protection.admin.recovery_panels.today",
        "integrations.admin.today.parked",
        "orders.admin.today.orders_per_hour",
        "integrations.admin.today.setup_checklist",
    ],
    "order": ["protection.admin.order_panels.coverage", "protection.admin.order_panels.claims"],
    "case": ["integrations.admin.case_panels.systems_in_step"],
}

# What the search box of the whole console (Ctrl-K) finds beyond the names of pages.
FINDERS = ["orders.admin.order_list.find", "protection.admin.claim_list.find"]

# What a floor above knows about a row of a floor below; merged by panels.gathered.
FACTS = {"units": ["protection.admin.order_panels.claimed_units"]}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Back office",
    "SITE_HEADER": "Back office",
    "SITE_URL": None,
    "SITE_SYMBOL": "inventory_2",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("console/icon.svg")},
    ],
    "STYLES": [lambda request: static("console/console.css")],
    "SCRIPTS": [lambda request: static("console/theme.js")],
    "COLORS": {
        "primary": {
            "50": "#eef6f6",
            "100": "#d6eaea",
            "200": "#add5d6",
            "300": "#7cb9bc",
            "400": "#4b9a9f",
            "500": "#2b7f85",
            "600": "#17666d",
            "700": "#13525a",
            "800": "#12424a",
            "900": "#12373e",
            "950": "#06212a",
        },
    },
    "COMMAND": {"search_models": False, "show_history": False, "search_callback": "backoffice.console.search.find"},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": SIDEBAR},
}
