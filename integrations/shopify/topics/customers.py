"""Topics about customers."""

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify import translate
from integrations.shopify.arriving import Result, shop_of
from integrations.shopify.values import Body, maybe_identifier
from orders import intake


def _customer(connection: Connection, body: Body) -> Result:
    customer = intake.apply_customer(shop_of(connection), translate.customer_snapshot(body))
    return f"customer {customer.public_id}", None


def _customer_deleted(connection: Connection, body: Body) -> Result:
    if not intake.mark_customer_deleted(shop_of(connection), maybe_identifier(body.get("id")) or 0):
        raise Ignored("A customer we never had was deleted.")
    return "marked as deleted", None


HANDLERS = {
    "customers/create": _customer,
    "customers/update": _customer,
    "customers/enable": _customer,
    "customers/disable": _customer,
    "customers/delete": _customer_deleted,
}
