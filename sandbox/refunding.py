"""What a refund takes off an order and gives back: units, shipping, duties, money, and the difference between them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from sandbox import catalogue, fulfillment_orders, kept_orders
from sandbox.announcing import Announcement
from sandbox.money import NOTHING, Bag, rounded
from sandbox.order_documents import add_transaction
from sandbox.placing import Impossible
from sandbox.shipment_bodies import refund_body, transaction_body
from sandbox.store import Writing
from sandbox.totals import fulfillable_quantity, paid_by, refundable_quantity, totals

Document = dict[str, Any]

STORE_CREDIT = "shopify_store_credit"


@dataclass(frozen=True, slots=True)
class Units:
    """So many units of a line; ``restock`` is cancel, return or no_restock.

    As documented, no_restock leaves what can be shipped alone, unless the units are ``taken_off`` as well.
    """

    line_id: int
    quantity: int
    restock: str
    taken_off: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """Money to give back; ``status`` success, pending or failure."""

    amount: Bag
    gateway: str
    parent_id: int | None
    status: str = "success"


@dataclass(frozen=True, slots=True)
class Wish:
    """A whole refund. ``payments`` None pays what the parts come to; an empty list moves no money."""

    units: list[Units] = field(default_factory=list)
    shipping: Bag = NOTHING
    duty_lines: tuple[int, ...] = ()
    payments: list[Payment] | None = None
    note: str | None = None
    reason: str = "REFUND_DISCREPANCY"
    status: str = "success"
    return_id: int | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the parts of a refund come to."""

    subtotal: Bag
    tax: Bag
    duties: Bag
    shipping: Bag

    @property
    def total(self) -> Bag:
        """All parts together."""
        return self.subtotal + self.tax + self.duties + self.shipping


def sums_of(order: Document, wish: Wish) -> Sums:
    """What the wish comes to; raises Impossible for units the order has not."""
    lines = {line["id"]: line for line in order["lines"]}
    subtotal = tax = duties = NOTHING
    asked: Counter[int] = Counter()
    for position, units in enumerate(wish.units):
        line = lines.get(units.line_id)
        if line is None:
            raise NotRefundable(position, "lineItemId", "Line item does not exist")
        asked[line["id"]] += units.quantity
        if units.quantity < 1 or asked[line["id"]] > refundable_quantity(line):
            raise NotRefundable(position, "quantity", "Quantity cannot refund more items than were purchased")
        subtotal = subtotal + net_price(line) * units.quantity
        tax = tax + Bag.of(line["tax"]) * units.quantity
    for line_id in wish.duty_lines:
        duties = duties + Bag.of(lines[line_id]["duty"]["price"])
    return Sums(subtotal, tax, duties, wish.shipping)


class NotRefundable(Impossible):
    """A line of the wish cannot be refunded like that: which, and which field of it is wrong."""

    def __init__(self, position: int, name: str, message: str) -> None:
        super().__init__(message)
        self.field = ["refundLineItems", str(position), name]


def net_price(line: Document) -> Bag:
    """What one unit cost after discounts, before tax."""
    return Bag.of(line["price"]) - Bag.of(line["discount"])


def left_to_refund(order: Document) -> Bag:
    """Money received that neither went back nor is on its way back."""
    return paid_by(order, "sale", "capture") - paid_by(order, "refund") - paid_by(order, "refund", status="pending")


def make(writing: Writing, order: Document, wish: Wish) -> Document:
    """Take the units off and move the money; returns the refund. Raises Impossible, and then nothing was changed."""
    sums = sums_of(order, wish)
    payments = wish.payments if wish.payments is not None else _in_full(order, sums.total, wish.status)
    lines = {line["id"]: line for line in order["lines"]}
    made: Document = {
        "id": writing.new_id(),
        "created_at": order["updated_at"],
        "updated_at": order["updated_at"],
        "note": wish.note,
        "shipping": wish.shipping.kept(),
        "shipping_refund_id": writing.new_id(),
        "return_id": wish.return_id,
        "duties": [
            {"duty_id": lines[one]["duty"]["id"], "line_id": one, "amount": lines[one]["duty"]["price"]}
            for one in wish.duty_lines
        ],
        "line_items": [_take_off(writing, order, lines[units.line_id], units) for units in wish.units],
        "adjustments": [],
        "transaction_ids": [],
    }
    paid = NOTHING
    for payment in payments:
        moved = add_transaction(
            writing,
            order,
            kind="refund",
            amount=payment.amount,
            gateway=payment.gateway,
            parent_id=payment.parent_id,
            status=payment.status,
        )
        made["transaction_ids"].append(moved["id"])
        paid = paid + payment.amount
    difference = sums.total - paid
    if payments and difference.presentment:
        adjustment = {"id": writing.new_id(), "reason": wish.reason, "amount": difference.kept()}
        made["adjustments"].append(adjustment)
    order["refunds"].append(made)
    kept_orders.add_part(writing, order, made["id"])
    return made


def announce(announcement: Announcement, made: Document, order: Document) -> None:
    """The webhooks of a refund and of the money it moved."""
    announcement.add("refunds/create", lambda: refund_body(made, order))
    announce_transactions(announcement, order, made["transaction_ids"])


def announce_transactions(announcement: Announcement, order: Document, ids: Iterable[int]) -> None:
    """The webhook of each of these transactions; it is the same for a new one and for one whose status changed."""
    for transaction in order["transactions"]:
        if transaction["id"] in ids:
            announcement.add("order_transactions/create", partial(transaction_body, transaction, order))


def settle(order: Document, transaction_id: int | None, status: str) -> list[int]:
    """What became of pending transactions (all of them by default); returns their ids. Raises Impossible."""
    waiting = [
        one for one in order["transactions"] if one["status"] == "pending" and transaction_id in (None, one["id"])
    ]
    if not waiting:
        raise Impossible("No transaction is pending")
    for transaction in waiting:
        transaction.update(
            status=status,
            processed_at=order["updated_at"],
            error_code="processing_error" if status == "failure" else None,
        )
    ids = [one["id"] for one in waiting]
    for refund in order["refunds"]:
        if set(ids) & set(refund["transaction_ids"]):
            refund["updated_at"] = order["updated_at"]
    return ids


def in_shop_money(amount: Decimal, sale: Document, order: Document) -> Bag:
    """An amount of the customer's money as both sides, at the rate the payment had; all of it is exactly all of it."""
    paid = Bag.of(sale["amount"])
    if amount == paid.presentment:
        return paid
    left = left_to_refund(order)
    if amount == left.presentment:
        return left
    return Bag(rounded(amount * paid.shop / paid.presentment, order["currency"]), amount)


def sale_of(order: Document) -> Document | None:
    """The payment a refund goes back to."""
    return next((one for one in order["transactions"] if one["kind"] in ("sale", "capture")), None)


def all_that_is_left(order: Document) -> list[Payment]:
    """One payment of everything received and not refunded; none when there is nothing."""
    left, sale = left_to_refund(order), sale_of(order)
    return [Payment(left, sale["gateway"], sale["id"])] if sale and left.presentment > 0 else []


def duties_left(order: Document) -> tuple[int, ...]:
    """The lines whose duties were not refunded yet."""
    refunded = {one["line_id"] for refund in order["refunds"] for one in refund.get("duties", ())}
    return tuple(line["id"] for line in order["lines"] if line.get("duty") and line["id"] not in refunded)


def _in_full(order: Document, amount: Bag, status: str) -> list[Payment]:
    """What the parts come to, never more than is left."""
    left, sale = left_to_refund(order), sale_of(order)
    amount = Bag(min(amount.shop, left.shop), min(amount.presentment, left.presentment))
    if sale is None or amount.presentment <= 0:
        return []
    return [Payment(amount, sale["gateway"], sale["id"], status)]


def _take_off(writing: Writing, order: Document, line: Document, units: Units) -> Document:
    """Count the units as removed, returned or just paid back."""
    quantity = units.quantity
    from_returns = min(quantity, line.get("awaiting_refund", 0))
    line["awaiting_refund"] = line.get("awaiting_refund", 0) - from_returns
    rest = quantity - from_returns
    unshipped = min(rest, max(0, fulfillable_quantity(line) - line.get("refunded", 0)))
    if units.restock == "return":
        unshipped = min(unshipped, max(0, rest - (line["fulfilled"] - line["returned"])))
    place = None
    if units.restock != "no_restock":
        place = fulfillment_orders.location_of(writing.connection, order, line)
    if units.restock == "no_restock" and not units.taken_off:
        line["refunded"] = line.get("refunded", 0) + unshipped
    else:
        line["removed"] += unshipped
    line["returned"] += rest - unshipped
    if units.restock != "no_restock" and rest:
        catalogue.put_back(writing, order["shop"], line["variant_id"], rest, place)
    return {
        "id": writing.new_id(),
        "line_id": line["id"],
        "quantity": quantity,
        "restock_type": units.restock,
        "location_id": place,
        "subtotal": (net_price(line) * quantity).kept(),
        "tax": (Bag.of(line["tax"]) * quantity).kept(),
    }


def shipping_left(order: Document) -> Bag:
    """Shipping paid for and not refunded."""
    return totals(order).current_shipping
