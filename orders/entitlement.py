"""Which units of a line are still free, and taking them: refund, return, replacement, credit.

Shopify reports refunds as "n of line L", so units are interchangeable and the lowest free ones are taken.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.models import LineItem, UnitUse


class UnitAlreadyUsed(Exception):
    """A unit cannot be used a second time. The message says what used it."""


def free_units(line: LineItem) -> list[int]:
    """Numbers (from 1) of the units that nothing has used yet."""
    used = set(UnitUse.objects.filter(line=line, released_at=None).values_list("unit", flat=True))
    return [unit for unit in range(1, line.quantity + 1) if unit not in used]


def use_units(line: LineItem, units: Iterable[int], *, kind: str, reference: str) -> list[UnitUse]:
    """Use exactly these units, or none; raises UnitAlreadyUsed with the reason. Two callers at once: one wins."""
    wanted = list(units)
    if outside := [unit for unit in wanted if not 1 <= unit <= line.quantity]:
        raise UnitAlreadyUsed(f"{line.title}: unit {outside[0]} does not exist, {line.quantity} were bought.")
    try:
        with transaction.atomic():
            return UnitUse.objects.bulk_create(
                UnitUse(line=line, unit=unit, kind=kind, reference=reference) for unit in wanted
            )
    except IntegrityError as error:
        raise UnitAlreadyUsed(why_used(line, wanted)) from error


def use_refunded(line: LineItem, quantity: int, *, reference: str, asked_by: Iterable[str] = ()) -> int:
    """Mark units as refunded by the shop; returns how many were missing because they had been used already.

    A refund at the shop is a fact, not a request, so it is never refused: a shortfall is reported to the caller. Where
    we asked for it, the units that `asked_by` uses (a change, a remedy) become its own, before any other are taken.
    """
    uses = UnitUse.objects.filter(line=line, released_at=None)
    left = max(0, quantity - uses.filter(reference=reference).count())
    held = list(uses.filter(reference__in=list(asked_by)).order_by("unit").values_list("pk", flat=True)[:left])
    UnitUse.objects.filter(pk__in=held).update(reference=reference, kind=UnitUse.Kind.REFUND)
    units = free_units(line)[: left - len(held)]
    use_units(line, units, kind=UnitUse.Kind.REFUND, reference=reference)
    return left - len(held) - len(units)


def release(reference: str) -> int:
    """Free what `reference` used, after it was undone or reversed; returns how many units."""
    return UnitUse.objects.filter(reference=reference, released_at=None).update(released_at=timezone.now())


def why_used(line: LineItem, units: Iterable[int]) -> str:
    """One sentence for people: which unit is used, by what, since when."""
    use = UnitUse.objects.filter(line=line, unit__in=list(units), released_at=None).order_by("unit").first()
    if use is None:
        return f"{line.title}: the unit was being used by someone else at the same moment. Look again."
    what = {"refund": "refunded", "return": "returned", "replacement": "replaced", "credit": "credited"}[use.kind]
    since = f"{use.used_at:%d %b %Y}"
    return f"{line.title}: unit {use.unit} of {line.quantity} was already {what} ({use.reference}, {since})."
