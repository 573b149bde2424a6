"""Forms for what is bought and paid: items, returns, refunds, credit, cancelling."""

from typing import Any

from backoffice.console.pages import Refused
from orders import changes, entitlement
from orders.admin.asks.form import (
    CANCEL,
    ITEMS,
    MONEY,
    RETURN,
    Form,
    Typed,
    not_cancelled,
    number_of,
    ticked,
    units_typed,
)
from orders.changes.editing import REASONS as CANCEL_REASONS
from orders.changes.lines import sent_units
from orders.models import Change, LineItem, Order, StockItem


def _edit(order: Order, typed: Typed, by: str) -> Change:
    lines = [{"line_item": line.public_id, "quantity": units} for line, units in units_typed(order, typed)]
    return changes.edit_lines(
        order, lines=lines, add=_additions(order, typed), restock=ticked(typed, "restock"),
        notify=ticked(typed, "notify"), by=by,
    )  # fmt: skip


def _additions(order: Order, typed: Typed) -> list[dict[str, Any]]:
    sku, quantity = typed.get("sku", "").strip(), number_of(typed, "quantity", "The article to add")
    if not sku and not quantity:
        return []
    item = StockItem.objects.filter(shop=order.shop, sku=sku, variant_id__isnull=False, deleted_at=None).first()
    if item is None:
        raise Refused(f"We know no article with the SKU {sku or '(none)'} in this shop.")
    return [{"variant_id": str(item.variant_id), "quantity": quantity}]


def _cancel(order: Order, typed: Typed, by: str) -> Change:
    if not ticked(typed, "sure"):
        raise Refused("Tick that you are sure: a cancelled order does not come back.")
    return changes.cancel(
        order, reason=typed.get("reason", ""), refund=typed.get("refund", ""), restock=ticked(typed, "restock"),
        notify=ticked(typed, "notify"), note=typed.get("note", ""), by=by,
    )  # fmt: skip


def _refund(order: Order, typed: Typed, by: str) -> Change:
    """Goods that were sent come back as a return, those that were not are taken off the order."""
    sent = sent_units(order)

    def restock(line: LineItem) -> str:
        if not ticked(typed, "restock"):
            return "none"
        return "return" if sent[line.remote_id] else "cancel"

    lines = [
        {"line_item": line.public_id, "quantity": units, "restock": restock(line)}
        for line, units in units_typed(order, typed)
        if units
    ]
    return changes.refund(
        order, lines=lines, shipping=ticked(typed, "shipping"), amount=typed.get("amount", "").strip() or None,
        note=typed.get("note", ""), notify=ticked(typed, "notify"), by=by,
    )  # fmt: skip


def _return(order: Order, typed: Typed, by: str) -> Change:
    said = {"reason": typed.get("reason", ""), "note": typed.get("note", "")}
    asked = units_typed(order, typed)
    lines = [{"line_item": line.public_id, "quantity": units, **said} for line, units in asked if units]
    return changes.open_return(order, lines=lines, notify=ticked(typed, "notify"), by=by)


def _store_credit(order: Order, typed: Typed, by: str) -> Change:
    return changes.give_store_credit(order, typed.get("amount", "").strip(), notify=ticked(typed, "notify"), by=by)


def _gift_card(order: Order, typed: Typed, by: str) -> Change:
    return changes.issue_gift_card(order, typed.get("amount", "").strip(), note=typed.get("note", ""), by=by)


def _cancellable(order: Order) -> str:
    sent = "" if not sent_units(order) else "Parts of it were sent: open a return, or refund what is missing."
    return not_cancelled(order) or sent


def _sent_something(order: Order) -> str:
    return "" if sent_units(order) else "Nothing was sent yet: edit the items, or cancel."


def _current(order: Order) -> dict[int, tuple[int, int | None]]:
    return {line.pk: (line.current_quantity, None) for line in order.lines.all()}


def _unused(order: Order) -> dict[int, tuple[int, int | None]]:
    return {line.pk: (0, len(entitlement.free_units(line))) for line in order.lines.all()}


def _sent(order: Order) -> dict[int, tuple[int, int | None]]:
    sent = sent_units(order)
    return {line.pk: (0, sent[line.remote_id]) for line in order.lines.all() if sent[line.remote_id]}


def _amount_in(order: Order) -> dict[str, Any]:
    return {"amount": f"Amount in {order.currency}"}


FORMS = (
    Form(Change.Kind.EDIT, "Items", "orders/asks/edit.html", _edit, ITEMS, closed=not_cancelled, units=_current),
    Form(Change.Kind.RETURN, "Return", "orders/asks/return.html", _return, RETURN, closed=_sent_something,
         units=_sent, choices={"reason": changes.RETURN_REASONS}),
    Form(Change.Kind.REFUND, "Refund", "orders/asks/refund.html", _refund, MONEY, units=_unused,
         facts=lambda order: {"left": changes.refundable(order)}),
    Form(Change.Kind.STORE_CREDIT, "Store credit", "orders/asks/credit.html", _store_credit, MONEY, facts=_amount_in),
    Form(Change.Kind.GIFT_CARD, "Gift card", "orders/asks/credit.html", _gift_card, MONEY, facts=_amount_in),
    Form(Change.Kind.CANCEL, "Cancel", "orders/asks/cancel.html", _cancel, CANCEL, closed=_cancellable,
         choices={"reason": CANCEL_REASONS}),
)  # fmt: skip
