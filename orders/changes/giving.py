"""Money and goods back: refunds, returns, store credit, gift cards. Every unit is given back once.

The units of a refund are used when it is asked for, under the change's id, so that nobody else promises them meanwhile;
when the refund comes home from the shop it takes them over (orders.parts), and a refusal frees them.
"""

from decimal import Decimal
from typing import Any

from django.db import transaction

from orders import entitlement
from orders.changes.asking import ask, flag, one_of, taken, text
from orders.changes.lines import Wanted, sent_units, wanted_lines
from orders.entitlement import UnitAlreadyUsed
from orders.models import Change, LineItem, Order, UnitUse
from orders.models.change import ChangeRefused
from orders.money import Money, decimal_of, minor_units, text_of

RESTOCK = ("return", "cancel", "none")


@transaction.atomic
def refund(
    order: Order,
    *,
    by: str,
    lines: Any = (),
    shipping: bool | str = False,
    amount: str | None = None,
    note: str = "",
    notify: bool = False,
    source: str = "",
    reference: str = "",
) -> Change:
    """Pay back units, shipping or an amount, in presentment money, the way it was paid.

    `lines` is [{"line_item", "quantity", "restock": return (sent goods), cancel (unsent), none}]; `shipping` True is
    what is left of it, or an amount; `amount` overrides what the shop would suggest for the lines, or is all there is
    (goodwill). Raises ChangeRefused: unit_used, too_much, invalid_amount, nothing_to_change and those of bad input.
    """
    order = taken(order)
    parts = wanted_lines(order, lines, ("restock",), needed=False)
    sent = sent_units(order)
    for part in parts:
        one_of(part.said.get("restock", "none"), RESTOCK, f"{part.pointer}/restock")
        if part.said.get("restock") == "return" and not sent[part.line.remote_id]:
            raise ChangeRefused(
                "not_sent", f"{part.line} was not sent; restock it by cancel.", f"{part.pointer}/restock"
            )
    currency = order.presentment_currency
    wanted: dict[str, Any] = {
        "lines": [
            {"line": str(part.line.remote_id), "quantity": part.quantity, "restock": part.said.get("restock", "none")}
            for part in parts
        ],
        "note": text(note, "/note", 1000),
        "notify": flag(notify, "/notify"),
        "currency": currency,
    }
    if shipping is not False:
        wanted["shipping"] = True if shipping is True else amount_of(shipping, currency, "/shipping")
    if amount is not None:
        wanted["amount"] = amount_of(amount, currency, "/amount")
    if not parts and "shipping" not in wanted and "amount" not in wanted:
        raise ChangeRefused("nothing_to_change", "Name lines, shipping or an amount.")
    left = refundable(order)
    for name in ("amount", "shipping"):
        if isinstance(wanted.get(name), str) and decimal_of(wanted[name]) > left.amount:
            raise ChangeRefused("too_much", f"At most {left} of {order} can still be refunded.", f"/{name}")
    change = ask(order, Change.Kind.REFUND, wanted, by=by, source=source, reference=reference)
    for part in parts:
        take_units(change, part.line, part.quantity, f"{part.pointer}/quantity")
    return change


def take_units(change: Change, line: LineItem, quantity: int, pointer: str = "") -> None:
    """Use units of a line for this change, unless the remedy it carries out has used them already.

    Raises ChangeRefused unit_used.
    """
    if change.reference:
        uses = UnitUse.objects.filter(line=line, reference=change.reference, released_at=None).count()
        if uses >= quantity:
            return
    free = entitlement.free_units(line)
    if len(free) < quantity:
        used = [unit for unit in range(1, line.quantity + 1) if unit not in free]
        why = entitlement.why_used(line, used) if used else f"{line}: {line.quantity} were bought."
        raise ChangeRefused("unit_used", f"{len(free)} left to pay back. {why}", pointer)
    try:
        entitlement.use_units(line, free[:quantity], kind=UnitUse.Kind.REFUND, reference=change.public_id)
    except UnitAlreadyUsed as error:  # by a claim decided at this moment
        raise ChangeRefused("unit_used", str(error), pointer) from error


def take_units_again(change: Change) -> None:
    """As at first, for a refused refund that is asked for again; raises ChangeRefused unit_used."""
    lines = {str(line.remote_id): line for line in LineItem.objects.filter(order=change.order_id)}
    for part in change.wanted.get("lines", []):
        take_units(change, lines[part["line"]], part["quantity"])


def refundable(order: Order) -> Money:
    """Received less given back, in presentment money; of the order's total where payments are not known."""
    currency = order.presentment_currency
    payments = [p for p in order.payments.all() if p.status == "success"]
    received = sum(
        (decimal_of(p.amount["presentment"]["amount"]) for p in payments if p.kind in ("sale", "capture")), Decimal(0)
    )
    if not payments:
        received = (
            decimal_of(order.amounts["total"]["presentment"]["amount"]) if "total" in order.amounts else Decimal(0)
        )
    given = Decimal(0)
    for back in order.refunds.all():
        for movement in back.transactions:
            if movement.get("kind") == "refund" and movement.get("status") in ("success", "pending"):
                sides = movement["amount"]  # as far as they are known
                given += decimal_of((sides.get("presentment") or sides["shop"])["amount"])
    return Money(max(received - given, Decimal(0)), currency)


@transaction.atomic
def open_return(
    order: Order, *, by: str, lines: Any, notify: bool = False, source: str = "", reference: str = ""
) -> Change:
    """Expect sent goods back: `lines` is [{"line_item", "quantity", "reason": one of RETURN_REASONS, "note"}].

    Raises ChangeRefused: not_sent, and those of bad input. What was returned is refunded by `refund`.
    """
    order = taken(order)
    parts = wanted_lines(order, lines, ("reason", "note"))
    sent, coming = sent_units(order), _returned(order)
    rows = []
    for part in parts:
        left = sent[part.line.remote_id] - coming.get(part.line.remote_id, 0)
        if part.quantity > left:
            raise ChangeRefused(
                "not_sent", f"{part.line}: {max(left, 0)} were sent and are not on their way back.",
                f"{part.pointer}/quantity",
            )  # fmt: skip
        rows.append(_return_row(part))
    wanted = {"lines": rows, "notify": flag(notify, "/notify")}
    return ask(order, Change.Kind.RETURN, wanted, by=by, source=source, reference=reference)


RETURN_REASONS = ("unwanted", "not_as_described", "wrong_item", "defective", "unknown", "other")


def _return_row(part: Wanted) -> dict[str, Any]:
    reason = one_of(part.said.get("reason", "unknown"), RETURN_REASONS, f"{part.pointer}/reason")
    note = text(part.said.get("note", ""), f"{part.pointer}/note", 255)
    if reason == "other" and not note:
        raise ChangeRefused("required", "Say in a note what the other reason is.", f"{part.pointer}/note")
    return {"line": str(part.line.remote_id), "quantity": part.quantity, "reason": reason, "note": note}


def _returned(order: Order) -> dict[int, int]:
    """Units on their way back or back, by the line's remote id."""
    coming: dict[int, int] = {}
    for back in order.returns.exclude(status__in=["canceled", "cancelled", "declined"]):
        for part in back.lines:
            if part["line"]:
                coming[part["line"]] = coming.get(part["line"], 0) + part["quantity"]
    return coming


@transaction.atomic
def give_store_credit(
    order: Order, amount: str, *, by: str, notify: bool = False, source: str = "", reference: str = ""
) -> Change:
    """Credit the order's customer, in the shop's currency; raises ChangeRefused: no_customer, invalid_amount."""
    order = taken(order)
    if order.customer is None or order.customer.deleted_at:
        raise ChangeRefused("no_customer", "Store credit needs a customer; this order has none.")
    wanted = {"amount": amount_of(amount, order.currency, "/amount"), "currency": order.currency}
    wanted |= {"customer": str(order.customer.remote_id)}
    kind = Change.Kind.STORE_CREDIT
    return ask(order, kind, {**wanted, "notify": flag(notify, "/notify")}, by=by, source=source, reference=reference)


@transaction.atomic
def issue_gift_card(
    order: Order, amount: str, *, by: str, note: str = "", source: str = "", reference: str = ""
) -> Change:
    """A gift card for the order's customer, in the shop's currency; the shop mails its code to them.

    Raises ChangeRefused: no_customer, invalid_amount.
    """
    order = taken(order)
    if order.customer is None or order.customer.deleted_at:
        raise ChangeRefused("no_customer", "The code is mailed to the customer; this order has none.")
    wanted = {"amount": amount_of(amount, order.currency, "/amount"), "currency": order.currency}
    wanted |= {"customer": str(order.customer.remote_id), "note": text(note, "/note", 1000)}
    return ask(order, Change.Kind.GIFT_CARD, wanted, by=by, source=source, reference=reference)


def amount_of(value: Any, currency: str, pointer: str) -> str:
    """Canonical text of an amount above 0 that can be paid in `currency`; raises ChangeRefused invalid_amount."""
    problem = ChangeRefused("invalid_amount", f"This must be an amount above 0 in {currency}, such as 12.50.", pointer)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or len(str(value)) > 20:
        raise problem
    try:
        amount = decimal_of(value)
    except ValueError as error:
        raise problem from error
    if not 0 < amount < 10**12 or -int(amount.normalize().as_tuple().exponent) > minor_units(currency):
        raise problem
    return text_of(amount, currency)
