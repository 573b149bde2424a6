"""Which orders of a page of heads have to be read whole: unknown here, older here, or different in what a head shows.

Four queries for a page, however long it is.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from integrations.models import Connection
from integrations.shopify.polling import Head, PartHead
from orders.models import Fulfillment, FulfillmentOrder, Order, Payment, Refund
from orders.parts import payments

# What may be blank here for ever because a person asked for it.
PERSONAL = {"email", "phone", "note", "attributes", "shipping_address", "billing_address"}


def of_heads(connection: Connection, heads: Collection[Head]) -> list[int]:
    """Remote ids of the orders to read, in the order of the heads. What is newer here is left out: it is no news."""
    columns = {name for head in heads for name in head.values} | {"amounts", "remote_updated_at", "redacted_at"}
    ours = (
        Order.objects.filter(shop=connection.shop_id, remote_id__in=[head.remote_id for head in heads])
        .only("remote_id", *columns)
        .prefetch_related(
            Prefetch("fulfillments", Fulfillment.objects.only("order_id", "remote_id", "remote_updated_at", "status")),
            Prefetch("refunds", Refund.objects.only("order_id", "remote_id")),
            Prefetch("payments", Payment.objects.only("order_id", "remote_id", "status")),
        )
    )
    known = {order.remote_id: order for order in ours}
    return [head.remote_id for head in heads if _differs(known.get(head.remote_id), head)]


def of_fulfillment_orders(connection: Connection, heads: Collection[PartHead]) -> list[int]:
    """Remote ids of the orders of which a fulfillment order is unknown, older or in another state here."""
    ours = FulfillmentOrder.objects.filter(
        order__shop=connection.shop_id, remote_id__in=[head.remote_id for head in heads]
    )
    known = {pk: (at, status) for pk, at, status in ours.values_list("remote_id", "remote_updated_at", "status")}
    found: dict[int, None] = {}
    for head in heads:
        at, status = known.get(head.remote_id, (None, ""))
        if at is None or at < head.at or (at == head.at and status != head.status):
            found[head.order_id] = None
    return list(found)


def _differs(order: Order | None, head: Head) -> bool:
    if order is None or order.remote_updated_at < head.updated_at:
        return True
    if order.remote_updated_at > head.updated_at:
        return False
    skipped = PERSONAL if order.redacted_at else set()
    return (
        any(
            _value(getattr(order, name)) != _value(theirs)
            for name, theirs in head.values.items()
            if name not in skipped
        )
        or _total(order) not in (None, head.current_total)
        or {row.remote_id for row in order.refunds.all()} != head.refunds
        or {row.remote_id: (row.remote_updated_at, row.status) for row in order.fulfillments.all()} != head.parcels
        or _lacks_payment({row.remote_id: row.status for row in order.payments.all()}, head.payments)
    )


def _lacks_payment(ours: Mapping[int, str], theirs: Mapping[int, str]) -> bool:
    """Whether the shop shows a movement of money that is not here, or one that has gone on since."""
    return any(
        pk not in ours or (status != ours[pk] and not payments.is_older(status, ours[pk]))
        for pk, status in theirs.items()
    )


def _value(value: Any) -> Any:
    return value or None


def _total(order: Order) -> Decimal | None:
    bag = order.amounts.get("current_total")
    return Decimal(bag["shop"]["amount"]) if bag else None
