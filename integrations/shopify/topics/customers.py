"""Topics about customers."""

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify import translate
from integrations.shopify.arriving import Result, origin_of, shop_of
from integrations.shopify.client import number_of
from integrations.shopify.translate import reading
from integrations.shopify.values import Body, clean, maybe_identifier, text
from orders import intake
from orders.side_records import merge_customers


def _customer(connection: Connection, body: Body) -> Result:
    customer = intake.apply_customer(shop_of(connection), translate.customer_snapshot(body))
    return f"customer {customer.public_id}", None


def _customer_deleted(connection: Connection, body: Body) -> Result:
    if not intake.mark_customer_deleted(shop_of(connection), maybe_identifier(body.get("id")) or 0):
        raise Ignored("A customer we never had was deleted.")
    return "marked as deleted", None


def _merged(connection: Connection, body: Body) -> Result:
    if text(body, "status") == "failed":
        raise Ignored("The shop could not merge these customers.")
    ids = [clean(body.get(f"admin_graphql_api_customer_{which}_id")) for which in ("kept", "deleted")]
    kept, deleted = reading("merge", lambda: [number_of(gid) for gid in ids])
    moved = merge_customers(shop_of(connection), kept, deleted, origin_of(connection))
    return f"{moved} orders moved", None


HANDLERS = {
    "customers/create": _customer,
    "customers/update": _customer,
    "customers/enable": _customer,
    "customers/disable": _customer,
    "customers/delete": _customer_deleted,
    "customers/merge": _merged,
}
