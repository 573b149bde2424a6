"""The decision bar: what is typed for each item, and what it means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from backoffice.console.pages import Refused
from orders.money import Money, decimal_of
from orders.stock import Shelf
from protection.models import ClaimItem, Decision, Resolution
from protection.reason_codes import DENIALS
from protection.review import ItemDecision, paid_for

# What the bar offers; an exchange, a plan B and several remedies for one item are decided by the API's verbs.
REMEDIES = {choice: choice.label for choice in Decision.Remedy if choice != Decision.Remedy.NONE}
LONGEST_NUMBER = 9  # digits of a quantity
GIVES_MONEY = frozenset(Resolution.MONEY)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One item in the bar, as typed (or as it stands before anybody typed)."""

    item: ClaimItem
    picked: bool
    quantity: str
    reason: str
    note: str
    value: Money
    remedy: str = Decision.Remedy.REPLACEMENT
    amount: str = ""  # in the shop's currency; empty: all that was paid
    taken: str = ""  # what happened to a claimed unit meanwhile, empty when all are free
    open: int = 0  # units that no remedy has settled yet
    shelf: Shelf | None = None  # what is left to send as a replacement, None when we do not know

    @property
    def is_short(self) -> bool:
        """The shop has fewer left than are claimed, and would refuse to send more."""
        return self.shelf is not None and not self.shelf.has(self.open)


def rows(
    items: Iterable[ClaimItem],
    typed: Mapping[str, str],
    open_units: Mapping[int, int],
    taken: Mapping[int, str] | None = None,
    shelves: Mapping[int, Shelf] | None = None,
) -> list[DecisionRow]:
    """The bar's rows. `typed` is empty on a GET; then every item is picked whole, for most claims are approved, except
    those of which a unit was used meanwhile (`taken`). `open_units` says how many units of each item (by its key) are
    still to be decided, `shelves` what is left of each line (by its key).
    """
    taken = taken or {}
    return [
        DecisionRow(
            item=item,
            picked=f"pick-{item.pk}" in typed if typed else item.pk not in taken,
            quantity=typed.get(f"quantity-{item.pk}", str(open_units[item.pk])),
            reason=typed.get(f"reason-{item.pk}", ""),
            note=typed.get(f"note-{item.pk}", ""),
            value=paid_for(item.line, open_units[item.pk]).shop,
            remedy=typed.get(f"remedy-{item.pk}", Decision.Remedy.REPLACEMENT),
            amount=typed.get(f"amount-{item.pk}", ""),
            taken=taken.get(item.pk, ""),
            open=open_units[item.pk],
            shelf=(shelves or {}).get(item.line_id),
        )
        for item in items
        if open_units[item.pk]
    ]


def to_approve(rows: Iterable[DecisionRow]) -> list[ItemDecision]:
    """Approve the picked items with their quantities, deny the others; raises Refused with what is missing."""
    rows = list(rows)
    if not any(row.picked for row in rows):
        raise Refused("Pick the items to approve, or press Deny.")
    return [_approval(row) if row.picked else _denial(row) for row in rows]


def with_plan_b(parts: Iterable[ItemDecision], remedies: tuple[str, ...]) -> list[ItemDecision]:
    """The same, with `remedies` allowed in order for replacements that are out of stock when they are sent."""
    replaced = (Decision.Verdict.APPROVE, Decision.Remedy.REPLACEMENT)
    return [replace(part, otherwise=remedies) if (part.verdict, part.remedy) == replaced else part for part in parts]


def why_different(typed: Mapping[str, str]) -> str:
    """Why a claim is decided otherwise than the like of it: only where the box beside the warning is ticked, too."""
    return typed.get("why_different", "").strip() if "despite_similar" in typed else ""


def to_deny(rows: Iterable[DecisionRow]) -> list[ItemDecision]:
    """Deny every item; raises Refused where the reason is missing."""
    return [_denial(row) for row in rows]


def _approval(row: DecisionRow) -> ItemDecision:
    if not row.quantity.isdecimal() or len(row.quantity) > LONGEST_NUMBER:
        raise Refused(f"{row.item.line}: the quantity must be from 1 to {row.open}.")
    quantity = int(row.quantity)
    if quantity < row.open and row.reason not in DENIALS:
        raise Refused(f"{row.item.line}: say why the other units are denied.")
    return ItemDecision(
        row.item, Decision.Verdict.APPROVE, quantity, row.reason, row.note, remedy=row.remedy, amount=_amount(row)
    )


def _amount(row: DecisionRow) -> Decimal | None:
    if not row.amount.strip() or row.remedy not in GIVES_MONEY:
        return None
    try:
        return decimal_of(row.amount.strip())
    except ValueError as error:
        raise Refused(f"{row.item.line}: the amount must be a number, such as 12.50.") from error


def _denial(row: DecisionRow) -> ItemDecision:
    if row.reason not in DENIALS:
        raise Refused(f"{row.item.line}: choose a reason for the denial.")
    if row.reason == "other" and not row.note.strip():
        raise Refused(f"{row.item.line}: write the reason into the note.")
    return ItemDecision(row.item, Decision.Verdict.DENY, row.open, row.reason, row.note)
