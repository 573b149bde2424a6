"""What stands of a claim's decisions: units that a remedy has settled, and those that are still to be decided."""

from collections.abc import Iterable

from django.db.models import Q

from protection.models import Claim, Decision, Resolution

State = Resolution.State
# Remedies that are done, or may still be: their units are not decided again before they failed or were reversed.
STANDING = Q(state__in=[State.PLANNED, State.QUEUED, State.EXECUTED]) | Q(state=State.HELD, instead=None)


def settled_units(claim: Claim) -> set[tuple[str, int]]:
    """(public id of the line, unit) of everything that a standing remedy of this claim is about."""
    return settled_by(claim.resolutions.filter(STANDING))


def settled_by(resolutions: Iterable[Resolution]) -> set[tuple[str, int]]:
    """The same, of all remedies of a claim that are loaded."""
    rows = list(resolutions)
    given_up = {row.instead_of_id for row in rows}
    standing = (row for row in rows if row.state not in (State.FAILED, State.REVERSED) and row.pk not in given_up)
    return {(line["line"], unit) for row in standing for line in row.lines for unit in line.get("units", ())}


def open_units(claim: Claim) -> dict[int, list[int]]:
    """Units of each item (by its key) that are still to be decided."""
    settled = settled_units(claim)
    return {
        item.pk: [unit.unit for unit in item.units.all() if (item.line.public_id, unit.unit) not in settled]
        for item in claim.items.select_related("line").prefetch_related("units")
    }


def open_decisions(claim: Claim) -> list[int]:
    """Keys of decisions that no remedy carries out: denials, and what failed. A new decision replaces them."""
    settled = settled_units(claim)
    rows = Decision.objects.filter(item__claim=claim, superseded=False).select_related("item__line")
    return [row.pk for row in rows if not {(row.item.line.public_id, unit) for unit in row.units} & settled]


def supersede(claim: Claim) -> None:
    """A new decision is taken, or the last one undone: the open ones count no more."""
    Decision.objects.filter(pk__in=open_decisions(claim)).update(superseded=True)


def outcome_of(claim: Claim) -> str:
    """Approved, partly or denied: what the decisions that stand say of all the claim's units."""
    verdicts = set(Decision.objects.filter(item__claim=claim, superseded=False).values_list("verdict", flat=True))
    if verdicts == {Decision.Verdict.APPROVE}:
        return Claim.Outcome.APPROVED
    return Claim.Outcome.DENIED if verdicts <= {Decision.Verdict.DENY} else Claim.Outcome.PARTIAL


def under_way(claim: Claim) -> Resolution | None:
    """A remedy that was promised and is not carried out yet (or nobody knows): the claim does not end without it."""
    return claim.resolutions.filter(STANDING).exclude(state=State.EXECUTED).first()


def in_doubt(claim: Claim) -> Resolution | None:
    """A remedy of which nobody knows whether the shop has carried it out."""
    return claim.resolutions.filter(state=State.HELD, instead=None).first()
