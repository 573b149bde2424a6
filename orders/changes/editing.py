"""Cancelling an order, and changing its lines while they are not sent."""

from typing import Any

from django.db import transaction

from orders import entitlement
from orders.changes.asking import alive, ask, flag, must_be_free, one_of, text, whole
from orders.changes.lines import objects, sent_units, wanted_lines
from orders.models import Change, LineItem, Order, UnitUse
from orders.models.change import ChangeRefused

REASONS = ("customer", "declined", "fraud", "inventory", "staff", "other")
REFUNDS = ("original", "store_credit", "none")
MOST_STAFF_NOTE = 255  # Shopify's limit


@transaction.atomic
def cancel(
    order: Order,
    *,
    by: str,
    reason: str = "customer",
    restock: bool = True,
    refund: str = "original",
    notify: bool = False,
    note: str = "",
    source: str = "",
    reference: str = "",
) -> Change:
    """Cancel the whole order for good; `refund` says where the money goes: original, store_credit or none.

    The shop does it in the background. Where money goes back, all units are used for it, as by a refund. Raises
    ChangeRefused: order_cancelled, order_sent (return or refund then), unit_used, no_customer, invalid_choice,
    too_long, change_waiting.
    """
    order = alive(order)
    one_of(reason, REASONS, "/reason")
    one_of(refund, REFUNDS, "/refund")
    wanted: dict[str, Any] = {"reason": reason, "refund": refund, "note": text(note, "/note", MOST_STAFF_NOTE)}
    wanted |= {"restock": flag(restock, "/restock"), "notify": flag(notify, "/notify")}
    if sent_units(order):
        raise ChangeRefused("order_sent", "Parts of it were sent: open a return, or refund what is missing.")
    if refund == "store_credit" and order.customer is None:
        raise ChangeRefused("no_customer", "Store credit needs a customer; this order has none.", "/refund")
    must_be_free(order, Change.Kind.CANCEL, wanted)
    change = ask(order, Change.Kind.CANCEL, wanted, by=by, source=source, reference=reference)
    take_all_units(change)
    return change


def take_all_units(change: Change) -> None:
    """Nobody may promise a unit whose price is on its way back; raises ChangeRefused for one given away already."""
    if change.wanted["refund"] == "none":
        return
    lines = list(LineItem.objects.filter(order=change.order_id))
    given = UnitUse.objects.filter(line__in=lines, released_at=None).exclude(kind=UnitUse.Kind.REFUND)
    if use := given.select_related("line").first():
        why = entitlement.why_used(use.line, [use.unit])
        raise ChangeRefused("unit_used", f"{why} Cancel without a refund, and refund the rest.", "/refund")
    try:
        for line in lines:
            units = entitlement.free_units(line)
            entitlement.use_units(line, units, kind=UnitUse.Kind.REFUND, reference=change.public_id)
    except entitlement.UnitAlreadyUsed as error:  # by a claim decided at this moment
        raise ChangeRefused("unit_used", str(error), "/refund") from error


@transaction.atomic
def edit_lines(
    order: Order,
    *,
    by: str,
    lines: Any = (),
    add: Any = (),
    restock: bool = True,
    notify: bool = False,
    note: str = "",
    source: str = "",
    reference: str = "",
) -> Change:
    """Set lines to other quantities and add variants, in one commit at the shop.

    `lines` is [{"line_item", "quantity": what it shall be, from what was sent already upwards; 0 removes}], `add` is
    [{"variant_id", "quantity"}]. Raises ChangeRefused: order_cancelled, quantity_sent, nothing_to_change,
    change_waiting and those of bad input.
    """
    order = alive(order)
    sent = sent_units(order)
    quantities, base = {}, {}
    for part in wanted_lines(order, lines, least=0, needed=False):
        line, now = part.line, part.line.current_quantity
        least = min(sent[line.remote_id], now)
        if part.quantity < least:
            raise ChangeRefused("quantity_sent", f"{line}: {least} were sent already.", f"{part.pointer}/quantity")
        if part.quantity != now:
            quantities[str(line.remote_id)], base[str(line.remote_id)] = part.quantity, now
    wanted: dict[str, Any] = {"lines": quantities, "add": _additions(add)}
    if not wanted["lines"] and not wanted["add"]:
        raise ChangeRefused("nothing_to_change", "The order has these quantities already.")
    wanted |= {"restock": flag(restock, "/restock"), "notify": flag(notify, "/notify")}
    wanted |= {"note": text(note, "/note", MOST_STAFF_NOTE)}
    must_be_free(order, Change.Kind.EDIT, wanted)
    known = sorted(order.lines.values_list("remote_id", flat=True))
    whole_base = {"lines": base, "known": [str(number) for number in known]}
    return ask(order, Change.Kind.EDIT, wanted, base=whole_base, by=by, source=source, reference=reference)


def _additions(add: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for index, row in enumerate(objects(add, ("variant_id", "quantity"), needed=False, at="/add")):
        number = str(row.get("variant_id"))
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise ChangeRefused("unknown_variant", "variant_id is the shop's number.", f"/add/{index}/variant_id")
        quantity = whole(row.get("quantity"), f"/add/{index}/quantity")
        if any(other["variant_id"] == number for other in made):
            raise ChangeRefused("invalid_lines", "This variant is named twice.", f"/add/{index}/variant_id")
        made.append({"variant_id": number, "quantity": quantity})
    return made
