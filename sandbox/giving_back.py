"""Money and units go back: refunds, cancellations, and orders deleted for good."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox import kept_orders, refunding
from sandbox.announcing import Announcement
from sandbox.money import NOTHING
from sandbox.placing import Impossible
from sandbox.refunding import (
    Payment,
    Units,
    Wish,
    all_that_is_left,
    announce,
    announce_transactions,
    duties_left,
    in_shop_money,
    left_to_refund,
    make,
    sale_of,
    shipping_left,
)
from sandbox.store import Store, Writing
from sandbox.totals import current_quantity, fulfillable_quantity, refundable_quantity

Document = dict[str, Any]

REASONS = ("customer", "declined", "fraud", "inventory", "other", "staff")


def refund(
    store: Store,
    order_id: int,
    *,
    lines: dict[int, int] | None = None,
    restock: bool = False,
    shipping: bool = False,
    amount: Decimal | None = None,
    note: str | None = None,
    status: str = "success",
) -> Document:
    """Refund units ({line id: quantity}), by default one unit of the first line that has any; returns the refund.

    With an ``amount`` (the customer's money) no unit is needed: what it differs from the units' price is goodwill.
    """
    with kept_orders.changing(store, order_id) as (writing, order):
        wanted = lines or ({} if amount else _one_unit(order))
        wish = _wish(order, wanted, restock=restock, shipping=shipping, note=note, status=status)
        made = make(writing, order, _amounting_to(order, wish, amount) if amount else wish)
        announcement = Announcement(writing, order["shop"], order_id)
        announce(announcement, made, order)
        announcement.order(order, "orders/updated")
    return made


def cancel(
    store: Store, order_id: int, *, reason: str = "customer", restock: bool = True, pay_back: bool = True
) -> Document:
    """Cancel an order at once; all units come off, the money goes back. Returns the order; raises Impossible."""
    if reason not in REASONS:
        raise Impossible(f"{reason} is not a reason; known are {', '.join(REASONS)}")
    with kept_orders.changing(store, order_id) as (writing, order):
        cancel_within(writing, order, reason=reason, restock=restock, pay_back=pay_back)
    return order


def check_cancellable(order: Document) -> None:
    """Only an order with nothing on the way, there or back, can be cancelled, and only once.

    Raises Impossible in Shopify's words.
    """
    if order["cancelled_at"]:
        raise Impossible("Cannot cancel an order that has already been canceled")
    if any(one["status"] in ("requested", "open") for one in order.get("returns", ())):
        raise Impossible("Cannot cancel an order that has returns")
    if any(line["fulfilled"] > line["returned"] for line in order["lines"]):
        raise Impossible("Cannot cancel an order that has outstanding fulfillments")


def cancel_within(
    writing: Writing, order: Document, *, reason: str, restock: bool, pay_back: bool, staff_note: str | None = None
) -> None:
    """The same inside a transaction, for an order that is kept by its caller."""
    check_cancellable(order)
    announcement = Announcement(writing, order["shop"], order["id"])
    units = {line["id"]: current_quantity(line) for line in order["lines"] if current_quantity(line)}
    if units:
        wish = _wish(order, units, restock=restock, shipping=True, note=None, taken_off=True)
        payments = all_that_is_left(order) if pay_back else []
        made = make(writing, order, replace(wish, duty_lines=duties_left(order), payments=payments))
        announce(announcement, made, order)
    for line in order["lines"]:
        # What was paid back but could still have been shipped is not shipped any more either.
        line["removed"] += line.get("refunded", 0)
        line["refunded"] = 0
    order["cancelled_at"] = order["closed_at"] = order["updated_at"]
    order["cancel_reason"] = reason
    order["staff_note"] = staff_note
    announcement.order(order, "orders/cancelled", "orders/updated")


def delete(store: Store, order_id: int) -> None:
    """Delete an order; the webhook carries nothing but the id."""
    with store.write() as writing:
        order = kept_orders.load(writing.connection, order_id)
        if order is None:
            raise kept_orders.NoSuchOrder(f"There is no order {order_id}")
        kept_orders.remove(writing, order)
        Announcement(writing, order["shop"], order_id).add("orders/delete", lambda: {"id": order_id})


def settle(store: Store, order_id: int, *, transaction_id: int | None = None, status: str = "success") -> Document:
    """Pending money arrives after all (or, with ``failure``, never will); returns the order."""
    if status not in ("success", "failure"):
        raise Impossible("Money arrives (success) or not (failure)")
    with kept_orders.changing(store, order_id) as (writing, order):
        ids = refunding.settle(order, transaction_id, status)
        announcement = Announcement(writing, order["shop"], order_id)
        announce_transactions(announcement, order, ids)
        announcement.order(order, "orders/updated")
    return order


def _one_unit(order: Document) -> dict[int, int]:
    for line in order["lines"]:
        if refundable_quantity(line):
            return {line["id"]: 1}
    raise Impossible("There is nothing left to refund")


def _wish(
    order: Document,
    wanted: dict[int, int],
    *,
    restock: bool,
    shipping: bool,
    note: str | None,
    status: str = "success",
    taken_off: bool = False,
) -> Wish:
    """Units by line id as a refund; what is restocked is a cancellation before it is shipped, a return after."""
    lines = {line["id"]: line for line in order["lines"]}
    kinds = {
        line_id: ("cancel" if line_id in lines and fulfillable_quantity(lines[line_id]) else "return")
        if restock
        else "no_restock"
        for line_id in wanted
    }
    units = [Units(line_id, quantity, kinds[line_id], taken_off) for line_id, quantity in wanted.items()]
    return Wish(units, shipping=shipping_left(order) if shipping else NOTHING, note=note, status=status)


def _amounting_to(order: Document, wish: Wish, amount: Decimal) -> Wish:
    """The same refund with this much money, whatever its parts come to; raises Impossible for more than is left."""
    sale = sale_of(order)
    if sale is None or not 0 < amount <= left_to_refund(order).presentment:
        raise Impossible("The order was not paid that much")
    paid = Payment(in_shop_money(amount, sale, order), sale["gateway"], sale["id"], wish.status)
    return replace(wish, payments=[paid])
