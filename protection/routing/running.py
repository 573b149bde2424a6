"""Routing by the clock: each claim that came into review by itself is put to the rules once, first match wins.

It is work beside the filing, not a part of it, because photos come some minutes after their claim, because a fault
in a rule must not stop anybody from filing, and because the rule's lock should not be held while a shop's customers
file. What is due stands on the claim (`route_at`, set by the move into review); a run that dies or is doubled changes
nothing but the moment: the claim is locked, looked at, and `route_at` cleared in one commit with what was done.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.journal import record
from protection.filing import locked
from protection.models import Claim, Evidence, Routing, RoutingVersion
from protection.models.claim import MoveRefused
from protection.proposing import standing
from protection.risk.facts import Facts
from protection.risk.reading import Moment, facts_of
from protection.routing import rules
from protection.routing.acting import act, by_of
from protection.routing.conditions import all_hold, parts_of
from protection.verbs import SYSTEM, check

logger = logging.getLogger(__name__)

AT_ONCE = 200  # claims in one run; the next minute takes the rest
PHOTO_PATIENCE = timedelta(minutes=10)  # how long a claim that needs a photo waits for the first one
AFTER_A_FAULT = timedelta(minutes=5)
TRIED_FOR = timedelta(hours=1)  # then people have it, as they would without rules
PHOTOS = frozenset(Evidence.Kind.values)


def run(now: datetime | None = None) -> int:
    """By the clock: route the claims that are due; returns how many."""
    now = now or timezone.now()
    due = Claim.objects.filter(route_at__lte=now).order_by("route_at", "id")[:AT_ONCE]
    for claim in list(due):
        try:
            with suppress(MoveRefused):  # somebody was quicker
                route(claim, now)
        except Exception:  # one claim's fault must not hold up the others
            logger.exception("%s cannot be routed", claim.public_id)
            later = now + AFTER_A_FAULT if now - claim.updated_at < TRIED_FOR else None
            Claim.objects.filter(pk=claim.pk, route_at=claim.route_at).update(route_at=later)
    return len(due)


@transaction.atomic
def route(claim: Claim, now: datetime, *, by: str = SYSTEM) -> Routing | None:
    """Put one claim to the rules; returns what the rule that matched did, None where none does or it is not due.

    Raises MoveRefused, ClaimRefused for anybody but the system.
    """
    claim = locked(claim)
    check(claim, "route", by=by)
    if claim.route_at is None or claim.route_at > now:
        return None
    if (until := _photos_until(claim)) > now:
        Claim.objects.filter(pk=claim.pk).update(route_at=until)
        return None
    claim.route_at = None
    claim.save(update_fields=["route_at"])
    if standing(claim):  # an agent was quicker, and a lead has their proposal before them
        return None
    versions = rules.in_force(claim.order.shop, now)
    if not versions:
        return None
    wanted = {part for version in versions for part in parts_of(version.conditions)}
    facts = facts_of({claim.pk: Moment(now, now)}, wanted)[claim.pk]
    return _first_match(claim, versions, facts, now)


def _first_match(claim: Claim, versions: list[RoutingVersion], facts: Facts, now: datetime) -> Routing | None:
    """Dry runs are counted on the way; the first other version that fits ends the search, whatever comes of it."""
    known = set(claim.routings.values_list("version_id", flat=True))
    for version in versions:
        if not all_hold(version.conditions, facts):
            continue
        if version.pk in known:  # it came back from what this version asked
            if version.dry_run:
                continue
            return None
        row = act(claim, version, facts, now)
        row.save()
        if not version.dry_run:
            _tell(claim, row)
            return row
    return None


def _tell(claim: Claim, row: Routing) -> None:
    """Journal which version matched and what it did; the claim's last, for what it did is told by its own entries."""
    money: dict[str, Any] = (
        {} if row.amount is None else {"amount": {"amount": f"{row.amount:f}", "currency": row.currency}}
    )
    turn = Claim.objects.values_list("next_actor", flat=True).get(pk=claim.pk)
    record(
        "claim.routed", shop=claim.order.shop, order=claim.order, subject=claim.public_id, by=by_of(row.version),
        rule=row.rule.public_id, rule_name=row.rule.name, version=row.version.number, did=row.action,
        result=row.result, why=row.why, next_actor=turn, **money,
    )  # fmt: skip


def _photos_until(claim: Claim) -> datetime:
    """Until when the first photo of a claim is waited for: its rule asks for some and none has come."""
    filed = claim.submitted_at or claim.created_at
    rule = claim.rule
    if rule is None or not any(PHOTOS & set(band["needs"]) for band in rule.evidence):
        return filed
    return filed if claim.evidence.filter(removed_at=None).exists() else filed + PHOTO_PATIENCE
