"""Topics about a part of an order: a parcel, a scan, a payment, a refund."""

from collections.abc import Callable

from django.db import transaction

from backoffice import failpoints
from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify import translate
from integrations.shopify.arriving import Reread, Result, origin_of, said, shop_of
from integrations.shopify.values import Body, maybe_identifier
from orders import intake
from orders.intake import OrderUnknown, Outcome
from orders.models import Order
from protection import arrivals, coverage


def _part(
    apply: Callable[[Connection, int, Body], Outcome], moves_work: Callable[[Body], bool] = lambda body: False
) -> Callable[[Connection, Body], Result | Reread]:
    """A message about a part of an order: apply it to the order we know, else read the whole order.

    `moves_work` says whether it changes what is left to send. Shopify then changes the fulfillment orders without a
    message of their own, so they are read again where we follow them.
    """

    def handle_part(connection: Connection, body: Body) -> Result | Reread:
        order_id = maybe_identifier(body.get("order_id"))
        if order_id is None:
            raise Ignored("It names no order.")
        try:
            with transaction.atomic():
                outcome = apply(connection, order_id, body)
                coverage.refresh(outcome.order, by="shopify", source=connection.public_id)
                arrivals.order_moved(outcome.order, by="shopify", source=connection.public_id)
                failpoints.reach("inbound.applying_part")
        except OrderUnknown:
            return Reread(order_id)
        if moves_work(body) and outcome.order.fulfillment_orders.exists():
            return Reread(order_id, work=True, said=said(outcome))
        return said(outcome), outcome.order

    return handle_part


def _fulfillment(connection: Connection, order_id: int, body: Body) -> Outcome:
    snapshot = translate.fulfillment_snapshot(body)
    return intake.apply_fulfillment(shop_of(connection), order_id, snapshot, origin_of(connection))


def _scan(connection: Connection, order_id: int, body: Body) -> Outcome:
    return intake.apply_scan(shop_of(connection), order_id, translate.tracking_snapshot(body), origin_of(connection))


def _scan_taken_back(connection: Connection, order_id: int, body: Body) -> Outcome:
    snapshot = translate.tracking_snapshot(body)
    return intake.apply_scan(shop_of(connection), order_id, snapshot, origin_of(connection), taken_back=True)


def _payment(connection: Connection, order_id: int, body: Body) -> Outcome:
    """Sent again when the movement is settled. In an order of two currencies the body says half of the amount."""
    order = _order(connection, order_id)
    if order.currency != order.presentment_currency:
        raise OrderUnknown(f"both amounts of order {order_id}")
    snapshot = translate.payment_snapshot(body, order.currency)
    return intake.apply_payment(shop_of(connection), order_id, snapshot, origin_of(connection))


def _refund(connection: Connection, order_id: int, body: Body) -> Outcome:
    """That a refund is recorded does not say that money moved: its transactions do, and may still be pending."""
    order = _order(connection, order_id)
    if order.currency != order.presentment_currency and body.get("transactions"):
        raise OrderUnknown(f"both amounts of order {order_id}")
    snapshot = translate.refund_snapshot(body, order.currency, order.presentment_currency)
    return intake.apply_refund(shop_of(connection), order_id, snapshot, origin_of(connection))


def _order(connection: Connection, order_id: int) -> Order:
    order = Order.objects.filter(shop=shop_of(connection), remote_id=order_id).first()
    if order is None:
        raise OrderUnknown(f"order {order_id}")
    return order


def _takes_units_off(refund: Body) -> bool:
    return any(line.get("restock_type") == "cancel" for line in refund.get("refund_line_items") or [])


HANDLERS = {
    "fulfillments/create": _part(_fulfillment, moves_work=lambda body: True),
    "fulfillments/update": _part(_fulfillment, moves_work=lambda body: body.get("status") == "cancelled"),
    "fulfillment_events/create": _part(_scan),
    "fulfillment_events/delete": _part(_scan_taken_back),
    "order_transactions/create": _part(_payment),
    "refunds/create": _part(_refund, moves_work=_takes_units_off),
}
