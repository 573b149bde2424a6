"""Writing down what is wanted: the lock, the refusals that every kind shares, the row and its journal entry."""

from collections.abc import Iterable
from typing import Any

from orders.journal import record
from orders.models import Change, Order
from orders.models.change import ChangeRefused

MOST_TEXT = 5000


def taken(order: Order) -> Order:
    """The order as it is now, locked until the transaction ends; raises ChangeRefused for one deleted at the shop."""
    order = Order.objects.select_for_update(of=("self",)).select_related("shop", "customer").get(pk=order.pk)
    if order.deleted_at:
        raise ChangeRefused("order_deleted", f"{order} was deleted at the shop; nothing of it can be changed.")
    return order


def alive(order: Order) -> Order:
    """As `taken`; raises ChangeRefused for a cancelled order too."""
    order = taken(order)
    if order.cancelled_at:
        raise ChangeRefused("order_cancelled", f"{order} is cancelled.")
    return order


def ask(
    order: Order,
    kind: str,
    wanted: dict[str, Any],
    *,
    by: str,
    source: str = "",
    reference: str = "",
    base: dict[str, Any] | None = None,
) -> Change:
    """Write the change and `change.queued`, in the caller's transaction and under the order's lock.

    `source` is the connection it came by, never that of the shop it must reach.
    """
    change = Change.objects.create(
        shop=order.shop, order=order, kind=kind, wanted=wanted, base=base or {}, by=by[:255], reference=reference
    )
    tell(change, "queued", by=by, source=source, fields=sorted(wanted))
    return change


def tell(change: Change, verb: str, *, by: str, source: str = "", **facts: Any) -> None:
    """Journal what became of a change: its kind and names of fields, never a customer's own values."""
    if change.reference:
        facts["reference"] = change.reference
    record(f"change.{verb}", shop=change.shop, order=change.order, subject=change.public_id, by=by, source=source,
           kind=change.kind, **facts)  # fmt: skip


def must_be_free(order: Order, kind: str, fields: Iterable[str], **where: Any) -> None:
    """Raises ChangeRefused while another change of the same fields waits: it would be overwritten unseen."""
    states = (Change.State.QUEUED, Change.State.RUNNING, Change.State.CONFLICT)
    for other in order.changes.filter(kind=kind, state__in=states, **where):
        if set(other.wanted) & set(fields):
            who = other.by.partition(":")[2] or other.by
            what = other.get_kind_display().lower()
            raise ChangeRefused(
                "change_waiting", f"{who}'s change of the {what} is not through yet. Withdraw it, or wait for it."
            )


def text(value: Any, pointer: str, most: int = MOST_TEXT) -> str:
    """`value` without blanks around it; raises ChangeRefused for what is no text, too long, or not storable."""
    if not isinstance(value, str):
        raise ChangeRefused("invalid_text", "This must be text.", pointer)
    value = value.strip()
    if len(value) > most:
        raise ChangeRefused("too_long", f"At most {most} characters, please.", pointer)
    if "\x00" in value or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise ChangeRefused("invalid_text", "This text holds characters that cannot be stored.", pointer)
    return value


def whole(value: Any, pointer: str, *, least: int = 1, most: int = 1_000_000) -> int:
    """A whole number from `least` to `most`; raises ChangeRefused for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ChangeRefused("invalid_quantity", f"This must be a whole number from {least} to {most}.", pointer)
    return value


def one_of(value: Any, choices: Iterable[str], pointer: str) -> str:
    """One of `choices`; raises ChangeRefused that names them."""
    known = list(choices)
    if value not in known:
        raise ChangeRefused("invalid_choice", f"Choose one of {', '.join(known)}.", pointer)
    return str(value)


def flag(value: Any, pointer: str) -> bool:
    """True or false; raises ChangeRefused for anything else."""
    if not isinstance(value, bool):
        raise ChangeRefused("invalid_choice", "This is true or false.", pointer)
    return value
