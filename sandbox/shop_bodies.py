"""Webhook bodies about the shop itself: ``app/uninstalled`` and ``shop/update`` carry the whole shop."""

from typing import Any

from sandbox import clock
from sandbox.shops import Shop

# Where the demo shops have their office.
ADDRESS = {
    "address1": "1 Harbour Row",
    "address2": "",
    "city": "Portland",
    "province": "Oregon",
    "province_code": "OR",
    "zip": "97209",
    "country": "US",
    "country_code": "US",
    "country_name": "United States",
    "phone": "+15035550100",
    "latitude": None,
    "longitude": None,
}


def shop_body(shop: Shop) -> dict[str, Any]:
    """The shop as REST shows it."""
    return {
        "id": shop.id,
        "name": shop.name,
        "email": f"owner@{shop.domain}",
        "domain": shop.domain,
        **ADDRESS,
        "source": None,
        "primary_locale": "en",
        "created_at": clock.in_webhooks(shop.created_at),
        "updated_at": clock.in_webhooks(clock.now()),
        "currency": shop.currency,
        "customer_email": f"hello@{shop.domain}",
        "timezone": "(GMT-05:00) America/Panama",
        "iana_timezone": clock.SHOP_ZONE_NAME,
        "shop_owner": "Robin Fernweg",
        "money_format": "{{amount}}",
        "money_with_currency_format": f"{{{{amount}}}} {shop.currency}",
        "weight_unit": "g",
        "taxes_included": False,
        "auto_configure_tax_inclusivity": None,
        "tax_shipping": None,
        "county_taxes": True,
        "plan_display_name": "Development",
        "plan_name": "partner_test",
        "has_discounts": False,
        "has_gift_cards": False,
        "myshopify_domain": shop.domain,
        "google_apps_domain": None,
        "google_apps_login_enabled": None,
        "money_in_emails_format": "{{amount}}",
        "money_with_currency_in_emails_format": f"{{{{amount}}}} {shop.currency}",
        "eligible_for_payments": True,
        "requires_extra_payments_agreement": False,
        "password_enabled": True,
        "has_storefront": True,
        "finances": True,
        "primary_location_id": 82_400_000_001,
        "checkout_api_supported": False,
        "multi_location_enabled": True,
        "setup_required": False,
        "pre_launch_enabled": False,
        "enabled_presentment_currencies": [shop.currency],
        "transactional_sms_disabled": False,
        "marketing_sms_consent_enabled_at_checkout": False,
    }
