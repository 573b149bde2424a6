"""Who may do what: three roles, named by permission strings so that the frame need not know the apps."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

AGENT = [
    "orders.view_order",
    "orders.view_stockitem",
    "orders.change_order",
    "orders.add_return",
    "orders.change_fulfillment",
    "orders.view_customer",
    "orders.view_shop",
    "orders.view_journalentry",
    "protection.view_claim",
    "protection.add_claim",
    "protection.change_claim",
    "protection.view_evidence",
    "protection.view_incident",
    "protection.view_coverage",
    "protection.view_feerefund",
    "protection.view_plan",
    "protection.view_planversion",
    "protection.view_reasonrule",
    "protection.view_messagetemplate",
    "protection.view_macro",
    "protection.view_customermail",
    "protection.view_routingrule",
    "protection.view_backtest",
    "protection.view_recovery",
    "protection.change_recovery",
    "protection.fetch_recovery_packet",
    "protection.view_carrier",
    "protection.view_carrierterms",
    "integrations.view_connection",
    "integrations.view_delivery",
    "integrations.view_syncrun",
    "integrations.view_alert",
]
MONEY = [
    "protection.view_money",
    "protection.enter_costs",
    "protection.view_coststandard",
    "protection.add_coststandard",
    "protection.change_coststandard",
    "protection.delete_coststandard",
]
# Messages carry whole customer records, so an agent's role does not read them.
LEAD = [
    *AGENT,
    *MONEY,
    "orders.change_lineitem",
    "orders.add_refund",
    "orders.change_stocklevel",
    "orders.delete_order",
    "protection.add_planversion",
    "protection.change_planversion",
    "protection.add_plan",
    "protection.view_statutoryduty",
    "protection.add_statutoryduty",
    "protection.change_statutoryduty",
    "protection.delete_statutoryduty",
    "protection.add_reasonrule",
    "protection.add_routingrule",
    "protection.change_routingrule",
    "protection.change_reasonrule",
    "protection.add_messagetemplate",
    "protection.add_macro",
    "protection.change_macro",
    "protection.delete_macro",
    "protection.add_customermail",
    "protection.change_customermail",
    "protection.write_off_recovery",
    "protection.add_carrier",
    "protection.change_carrier",
    "protection.add_carrierterms",
    "protection.change_carrierterms",
    "protection.view_compareddecision",
    "protection.change_incident",
    "protection.view_approvallimit",
    "protection.add_approvallimit",
    "protection.change_approvallimit",
    "integrations.view_inboundmessage",
    "integrations.change_inboundmessage",
    "integrations.change_delivery",
    "integrations.change_connection",
    "integrations.view_privacyrequest",
    "integrations.change_privacyrequest",
    "integrations.view_alertlimit",
    "integrations.add_alertlimit",
    "integrations.change_alertlimit",
    "integrations.delete_alertlimit",
    "backoffice.view_partner",
    "backoffice.change_partner",
    "backoffice.view_apikey",
    "auth.view_user",
]
# Reads what the guarantee earns and costs and enters what things cost; decides nothing.
FINANCE = [
    *MONEY,
    "orders.view_order",
    "orders.view_shop",
    "orders.view_stockitem",
    "protection.view_claim",
    "protection.view_coverage",
    "protection.view_plan",
    "protection.view_planversion",
    "protection.view_recovery",
]
ROLES = {"agent": AGENT, "lead": LEAD, "finance": FINANCE}


@transaction.atomic
def ensure_roles() -> dict[str, Group]:
    """Make every group and give them exactly these permissions; raises LookupError for one that does not exist."""
    known = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")}
    groups = {}
    for role, names in ROLES.items():
        if missing := [name for name in names if name not in known]:
            raise LookupError(f"There is no permission {missing[0]}; run manage.py migrate first.")
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(known[name] for name in names)
        groups[role] = group
    return groups
