"""One decision for the claims of an incident: drafted for each claim, looked at, then carried out claim by claim.

It approves; who is denied something is told why by somebody who looked at that claim. Every claim is decided by
`review.decide` under its own lock, in one transaction with its line here: whenever the process ends, a claim is either
decided and its line says so, or neither.
"""

import logging
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, Count, When
from django.utils import timezone

from orders.money import Money
from protection import proposing, review
from protection.filing import locked as locked_claim
from protection.incidents.ruling import IncidentRefused, locked, put_down
from protection.ladder import instead_of_goods, offered
from protection.models import BulkDecision, BulkLine, Claim, Decision, Incident
from protection.models.claim import MoveRefused
from protection.standing import open_units
from protection.verdicts import SHARED, DecisionRefused, ItemDecision, judge

logger = logging.getLogger(__name__)

Remedy, State = Decision.Remedy, BulkLine.State
REMEDIES = (Remedy.REPLACEMENT, *SHARED)
RIGHT = "protection.change_incident"
AT_ONCE = 500  # claims in one bulk decision; the next draft takes the rest
SLICE_SECONDS = 20.0  # of one run, for all that is under way
MOST_NOTE = 500  # characters, as many as the note on one claim


@transaction.atomic
def draft(incident: Incident, remedy: str, *, user: User, note: str = "", despite_stock: bool = False) -> BulkDecision:
    """Write down what would be decided on each of its claims, in place of an earlier draft; nothing else is written.

    Without a `remedy` each customer is given what they asked for, as far as the rule allows it. Raises IncidentRefused
    not_confirmed, deciding, invalid_remedy or note_too_long.
    """
    if len(note) > MOST_NOTE:
        raise IncidentRefused(f"A note has {MOST_NOTE} characters at the most.", "note_too_long", "/note")
    if remedy and remedy not in REMEDIES:
        raise IncidentRefused("This is no remedy for many claims at once.", "invalid_remedy", "/remedy")
    incident = locked(incident)
    if incident.state != Incident.State.CONFIRMED:
        raise IncidentRefused("Confirm the incident first.", "not_confirmed")
    if incident.bulks.filter(state=BulkDecision.State.RUNNING).exists():
        raise IncidentRefused("Its claims are being decided just now; wait until that is done.", "deciding")
    incident.bulks.filter(state=BulkDecision.State.DRAFT).update(state=BulkDecision.State.DROPPED)
    bulk = BulkDecision.objects.create(
        incident=incident, remedy=remedy, note=note.strip(), despite_stock=despite_stock, made_by=user
    )
    settled = BulkLine.objects.filter(bulk__incident=incident, state__in=[State.DECIDED, State.PROPOSED])
    claims = Claim.objects.filter(incidents__incident=incident).exclude(pk__in=settled.values("claim"))
    first = Case(When(state=Claim.State.IN_REVIEW, then=0), default=1)  # the others cannot be decided, and only say so
    chosen = claims.select_related("order__shop", "order__customer", "rule", "assignee").order_by(first, "pk")[:AT_ONCE]
    BulkLine.objects.bulk_create(_line(bulk, claim) for claim in sorted(chosen, key=lambda claim: claim.pk))
    return bulk


@transaction.atomic
def begin(bulk: BulkDecision, *, user: User) -> BulkDecision:
    """Let what was drafted be carried out. Raises IncidentRefused no_draft, not_yours or nothing_to_decide."""
    incident = locked(bulk.incident)
    bulk = BulkDecision.objects.select_for_update(of=("self",)).get(pk=bulk.pk)
    if bulk.state != BulkDecision.State.DRAFT or incident.state != Incident.State.CONFIRMED:
        raise IncidentRefused("This draft is out of date; look at a new one.", "no_draft")
    if bulk.made_by_id != user.pk:
        raise IncidentRefused("Somebody else drafted this; look at a draft of your own.", "not_yours")
    if not bulk.lines.filter(state__in=BulkLine.TO_DO).exists():
        raise IncidentRefused("None of its claims can be decided.", "nothing_to_decide")
    bulk.state, bulk.began_at = BulkDecision.State.RUNNING, timezone.now()
    bulk.save(update_fields=["state", "began_at"])
    put_down(incident, "incident.deciding", user, bulk=bulk.public_id, remedy=bulk.remedy or "as asked for",
             **figures(bulk))  # fmt: skip
    return bulk


def run() -> None:
    """By the clock: go on with every bulk decision that is under way, whoever left it."""
    running = list(BulkDecision.objects.filter(state=BulkDecision.State.RUNNING).order_by("pk"))
    for bulk in running:
        carry_on(bulk, SLICE_SECONDS / len(running))


def carry_on(bulk: BulkDecision, seconds: float, most: int | None = None) -> bool:
    """Decide its claims for so long (or so many of them); whether all are done. Safe to repeat and for two at once."""
    until = time.monotonic() + seconds
    left = bulk.lines.filter(state__in=BulkLine.TO_DO).order_by("pk")
    for line in list(left[:most] if most is not None else left):
        try:
            _carry_out(line)
        except Exception:  # one claim's fault must not hold up the others
            logger.exception("Line %s of a bulk decision cannot be carried out", line.pk)
            _leave(line, "Something went wrong here; decide it by itself.")
        if time.monotonic() >= until:
            break
    return _ended(bulk)


def figures(bulk: BulkDecision) -> dict[str, int]:
    """How many of its claims stand where, only what is not 0."""
    counted = bulk.lines.order_by().values_list("state").annotate(number=Count("pk"))
    return {str(state): number for state, number in counted}


def worth(lines: Iterable[BulkLine], currency: str, states: Iterable[str]) -> Money:
    """What the lines in these states are worth together, in the shop's currency."""
    wanted = set(states)
    return Money(sum((line.amount for line in lines if line.amount and line.state in wanted), Decimal(0)), currency)


def _line(bulk: BulkDecision, claim: Claim) -> BulkLine:
    line = BulkLine(bulk=bulk, claim=claim, version=claim.version)
    try:
        parts = _parts(bulk, claim)
        line.remedy = parts[0].remedy if parts else ""
        line.state, line.amount = _meant(bulk, claim, parts)
    except (DecisionRefused, MoveRefused) as refusal:
        line.state, line.why = State.CANNOT, str(refusal)
    return line


def _parts(bulk: BulkDecision, claim: Claim) -> list[ItemDecision]:
    """The claim's open units, all approved. Raises DecisionRefused or MoveRefused where it is not ours to decide."""
    if claim.assignee_id not in (None, bulk.made_by_id):
        raise DecisionRefused(f"{claim.assignee} has taken it.", "taken")
    review.check_can_be_decided(claim, bulk.made_by)
    if proposing.standing(claim):
        raise DecisionRefused("A proposal waits for a lead already.", "proposed_already")
    asked = [name for name in offered(claim, claim.rule.remedies if claim.rule else []) if name in REMEDIES]
    remedy = bulk.remedy or next(iter(asked), Remedy.REPLACEMENT.value)
    otherwise = instead_of_goods(claim) if remedy == Remedy.REPLACEMENT else ()
    units = open_units(claim)
    return [
        ItemDecision(item, "approve", len(units[item.pk]), note=bulk.note, remedy=remedy, otherwise=otherwise)
        for item in claim.items.select_related("line__order")
        if units[item.pk]
    ]


def _meant(bulk: BulkDecision, claim: Claim, parts: list[ItemDecision]) -> tuple[str, Decimal]:
    """Whether the claim would be decided or proposed, and what it is worth; raises DecisionRefused for neither."""
    rows = judge(claim, parts, {"decided_by": bulk.made_by})
    if not bulk.despite_stock:
        review.check_stock(claim, rows)
    value = review.worth(claim, rows).amount
    try:
        review.check_limit(claim, rows, bulk.made_by)
    except DecisionRefused:
        return State.PROPOSE, value
    return State.DECIDE, value


@transaction.atomic
def _carry_out(line: BulkLine) -> None:
    """Decide one claim and note it on its line, in one commit; nothing, where somebody else has done it."""
    claim = locked_claim(line.claim)
    line = (
        BulkLine.objects.select_for_update(of=("self",))
        .select_related("bulk__incident", "bulk__made_by")
        .get(pk=line.pk)
    )
    if line.state not in BulkLine.TO_DO or line.bulk.state != BulkDecision.State.RUNNING:
        return
    try:
        with transaction.atomic():
            line.state = _done(line, claim)
    except (DecisionRefused, MoveRefused) as refusal:
        line.state, line.why = State.SKIPPED, str(refusal)
    line.done_at = timezone.now()
    line.save(update_fields=["state", "why", "done_at"])


def _leave(line: BulkLine, why: str) -> None:
    mine = BulkLine.objects.filter(pk=line.pk, state__in=BulkLine.TO_DO)
    mine.update(state=State.SKIPPED, why=why, done_at=timezone.now())


def _done(line: BulkLine, claim: Claim) -> str:
    bulk = line.bulk
    if not (bulk.made_by.is_active and bulk.made_by.has_perm(RIGHT)):
        raise DecisionRefused(f"{bulk.made_by} may no longer decide this.", "not_allowed")
    if claim.version != line.version:
        raise DecisionRefused(f"It was changed since; now it is {claim.get_state_display().lower()}.", "changed")
    parts = _parts(bulk, claim)
    meant, _ = _meant(bulk, claim, parts)
    if meant == State.PROPOSE:
        proposing.propose(claim, parts, user=bulk.made_by)
        return State.PROPOSED
    why = f"Part of an incident: {bulk.incident.sentence}"
    review.decide(claim, parts, user=bulk.made_by, despite_stock=bulk.despite_stock, why_different=why)
    return State.DECIDED


@transaction.atomic
def _ended(bulk: BulkDecision) -> bool:
    """Close the books when no claim is left to decide."""
    incident = locked(bulk.incident)
    bulk = BulkDecision.objects.select_for_update(of=("self",)).select_related("made_by").get(pk=bulk.pk)
    if bulk.state != BulkDecision.State.RUNNING:
        return True
    if bulk.lines.filter(state__in=BulkLine.TO_DO).exists():
        return False
    bulk.state, bulk.ended_at = BulkDecision.State.DONE, timezone.now()
    bulk.save(update_fields=["state", "ended_at"])
    facts: dict[str, Any] = figures(bulk)
    put_down(incident, "incident.decided", bulk.made_by, bulk=bulk.public_id, **facts)
    return True
