"""Topics about a part of an order: a parcel, a scan, a refund."""

from collections.abc import Callable

from django.db import transaction

from backoffice import failpoints
from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify import translate
from integrations.shopify.arriving import Result, origin_of, reread, said, shop_of
from integrations.shopify.values import Body, maybe_identifier
from orders import intake
from orders.intake import OrderUnknown, Outcome
from orders.models import Order
from protection import coverage


def _part(
    apply: Callable[[Connection, int, Body], Outcome],
) -> Callable[[Connection, Body], Result]:
    """A message about a part of an order: apply it to the order we know, else read the whole order."""

    def handle_part(connection: Connection, body: Body) -> Result:
        order_id = maybe_identifier(body.get("order_id"))
        if order_id is None:
            raise Ignored("It names no order.")
        try:
            with transaction.atomic():
                outcome = apply(connection, order_id, body)
                coverage.refresh(outcome.order, by="shopify", source=connection.public_id)
                failpoints.reach("inbound.applying_part")
        except OrderUnknown:
            return reread(connection, order_id)
        return said(outcome), outcome.order

    return handle_part


def _fulfillment(connection: Connection, order_id: int, body: Body) -> Outcome:
    snapshot = translate.fulfillment_snapshot(body)
    return intake.apply_fulfillment(shop_of(connection), order_id, snapshot, origin_of(connection))


def _scan(connection: Connection, order_id: int, body: Body) -> Outcome:
    return intake.apply_scan(shop_of(connection), order_id, translate.tracking_snapshot(body), origin_of(connection))


def _refund(connection: Connection, order_id: int, body: Body) -> Outcome:
    order = Order.objects.filter(shop=shop_of(connection), remote_id=order_id).first()
    if order is None:
        raise OrderUnknown(f"order {order_id}")
    snapshot = translate.refund_snapshot(body, order.currency, order.presentment_currency)
    return intake.apply_refund(shop_of(connection), order_id, snapshot, origin_of(connection))


HANDLERS = {
    "fulfillments/create": _part(_fulfillment),
    "fulfillments/update": _part(_fulfillment),
    "fulfillment_events/create": _part(_scan),
    "refunds/create": _part(_refund),
}
