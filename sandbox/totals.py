"""What an order's parts add up to: units, money and the two statuses. Pure functions over an order document."""

from dataclasses import dataclass
from typing import Any

from sandbox.money import NOTHING, Bag

Document = dict[str, Any]


def current_quantity(line: Document) -> int:
    """Units still on the order: neither removed before nor taken back after they were shipped, nor just paid back."""
    return int(line["quantity"]) - int(line["removed"]) - int(line["returned"]) - int(line.get("refunded", 0))


def fulfillable_quantity(line: Document) -> int:
    """Units that can still be shipped; those refunded without restocking are among them, a tip never is."""
    return 0 if line.get("tip") else int(line["quantity"]) - int(line["removed"]) - int(line["fulfilled"])


def editable_quantity(line: Document) -> int:
    """Units an edit can still take off: on the order, and not shipped."""
    return 0 if line.get("tip") else max(0, min(current_quantity(line), fulfillable_quantity(line)))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of an order. ``lines`` is before discounts, ``subtotal`` after, neither with tips; ``current_*`` without
    removed units. ``adjustments`` are the refunds' discrepancies: positive in the merchant's favour."""

    lines: Bag
    discounts: Bag
    subtotal: Bag
    shipping: Bag
    tax: Bag
    duties: Bag
    fees: Bag
    tip: Bag
    total: Bag
    current_discounts: Bag
    current_subtotal: Bag
    current_shipping: Bag
    current_tax: Bag
    current_duties: Bag
    adjustments: Bag
    current_total: Bag
    received: Bag
    refunded: Bag
    outstanding: Bag


def totals(order: Document) -> Totals:
    """All sums of one order."""
    lines = discounts = tax = duties = tip = NOTHING
    current_lines = current_discounts = current_tax = current_tip = NOTHING
    for line in order["lines"]:
        price, discount, line_tax = Bag.of(line["price"]), Bag.of(line["discount"]), Bag.of(line["tax"])
        quantity, current = line["quantity"], current_quantity(line)
        if line.get("tip"):
            tip, current_tip = tip + price * quantity, current_tip + price * current
            continue
        lines, current_lines = lines + price * quantity, current_lines + price * current
        discounts, current_discounts = discounts + discount * quantity, current_discounts + discount * current
        tax, current_tax = tax + line_tax * quantity, current_tax + line_tax * current
        if line.get("duty"):
            duties = duties + Bag.of(line["duty"]["price"])
    shipping = current_shipping = fees = adjustments = NOTHING
    current_duties = duties
    for line in order["shipping_lines"]:
        shipping = shipping + Bag.of(line["price"])
        current_shipping = current_shipping + Bag.of(line["price"])
    for fee in order.get("fees", ()):
        fees = fees + Bag.of(fee["price"])
    for refund in order["refunds"]:
        current_shipping = current_shipping - Bag.of(refund["shipping"])
        for duty in refund.get("duties", ()):
            current_duties = current_duties - Bag.of(duty["amount"])
        for adjustment in refund.get("adjustments", ()):
            adjustments = adjustments + Bag.of(adjustment["amount"])
    received = paid_by(order, "sale", "capture")
    refunded = paid_by(order, "refund")
    current_total = current_lines - current_discounts + current_shipping + current_tax + current_duties + current_tip
    current_total = current_total + fees + adjustments
    return Totals(
        lines=lines,
        discounts=discounts,
        subtotal=lines - discounts,
        shipping=shipping,
        tax=tax,
        duties=duties,
        fees=fees,
        tip=tip,
        total=lines - discounts + shipping + tax + duties + fees + tip,
        current_discounts=current_discounts,
        current_subtotal=current_lines - current_discounts,
        current_shipping=current_shipping,
        current_tax=current_tax,
        current_duties=current_duties,
        adjustments=adjustments,
        current_total=current_total,
        received=received,
        refunded=refunded,
        outstanding=current_total - received + refunded,
    )


def paid_by(order: Document, *kinds: str, status: str = "success") -> Bag:
    """Money moved by the transactions of these kinds that have this status."""
    moved = NOTHING
    for transaction in order["transactions"]:
        if transaction["kind"] in kinds and transaction["status"] == status:
            moved = moved + Bag.of(transaction["amount"])
    return moved


def financial_status(order: Document, sums: Totals) -> str:
    """``paid``, ``refunded`` …, in the lower case of webhook bodies; GraphQL writes the same word in capitals."""
    if order["financial_status"] and not order["transactions"]:
        return str(order["financial_status"])
    if sums.received.shop == 0:
        if sums.total.shop == 0:
            return "paid"
        return "voided" if order["cancelled_at"] else "pending"
    if sums.refunded.shop >= sums.received.shop:
        return "refunded"
    if sums.refunded.shop > 0:
        return "partially_refunded"
    # Compared with what is still on the order: an edit may have made it cheaper before it was paid.
    return "paid" if sums.received.shop >= min(sums.total.shop, sums.current_total.shop) else "partially_paid"


def shown_financial_status(order: Document, sums: Totals) -> str | None:
    """The status as it is shown: recorded as null for an app's order that was neither paid nor said to be anything."""
    if order["app_id"] and not order["transactions"] and not order["financial_status"] and sums.total.shop:
        return None
    return financial_status(order, sums)


def fulfillment_status(order: Document) -> str | None:
    """``fulfilled``, ``partial`` or None, as webhook bodies say it."""
    if not any(line["fulfilled"] for line in order["lines"]):
        return None
    return "partial" if any(fulfillable_quantity(line) for line in order["lines"]) else "fulfilled"


def line_fulfillment_status(line: Document) -> str | None:
    """The same three words for one line, ``not_eligible`` for a tip."""
    if line.get("tip"):
        return "not_eligible"
    if not line["fulfilled"]:
        return None
    return "partial" if fulfillable_quantity(line) else "fulfilled"


def refundable_quantity(line: Document) -> int:
    """Units for which money can still go back: those on the order, and those a return took off it."""
    return current_quantity(line) + int(line.get("awaiting_refund", 0))
