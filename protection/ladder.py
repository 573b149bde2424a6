"""Plan B: what cannot be sent for want of stock becomes what the decision allows instead, without a new question."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders import entitlement
from protection import resolutions
from protection.models import Claim, Decision, Resolution
from protection.money_left import left_of
from protection.planning import begin
from protection.shares import bag_of, least, less
from protection.verdicts import SHARED

State = Resolution.State


@transaction.atomic
def out_of_stock(resolution: Resolution, reason: str, places: Iterable[int], *, by: str) -> Resolution:
    """A replacement cannot be sent because of the lines at `places` (none: any of them).

    Where each of these has a remedy left that its decision allows, this one is held, the rest of it is sent and the
    remedies begin at once. Otherwise the claim is back with an agent, as after any refusal.
    """
    resolution = resolutions.locked_remedy(resolution)
    if resolution.state != State.QUEUED:
        return resolution
    short = set(places) or set(range(len(resolution.lines)))
    instead = [line for place, line in enumerate(resolution.lines) if place in short]
    if not all(line["otherwise"] for line in instead):
        return resolutions.mark_failed(resolution, reason, by=by)
    planned = _paid_instead(resolution.claim, instead)
    if planned is None:
        return resolutions.mark_failed(resolution, f"{reason} Nothing of what was paid is left to give.", by=by)
    entitlement.release(resolution.public_id)
    resolutions.move(resolution, State.HELD)
    resolution.failure = reason
    resolution.save()
    kinds = sorted(planned)
    resolutions.journal(resolution, "held", by, kind=resolution.kind, reason=reason, instead=kinds)
    rest = [line for place, line in enumerate(resolution.lines) if place not in short]
    follow_up = [(Resolution.Kind.REPLACEMENT.value, rest)] if rest else []
    for kind, lines in [*follow_up, *planned.items()]:
        begin(resolution.claim, kind, lines, by=by, not_before=timezone.now(), instead_of=resolution)
    return resolution


def _paid_instead(claim: Claim, lines: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]] | None:
    """Lines by the first remedy of their ladder, with the money; None where nothing is left to give."""
    left, planned = left_of(claim.order), dict[str, list[dict[str, Any]]]()
    for line in lines:
        given = least(bag_of(line["value"]), left)
        if given.shop.amount == Decimal(0) or given.presentment.amount == Decimal(0):
            return None
        left = less(left, given)
        kind, *otherwise = line["otherwise"]
        planned.setdefault(kind, []).append({**line, "amount": given.as_json(), "otherwise": otherwise})
    return planned


def offered(claim: Claim, allowed: Iterable[str]) -> list[str]:
    """Remedies for a claim, best first: the customer's ranking among the allowed, then the rest as the rule says."""
    known, remedies = list(allowed), Decision.Remedy.values
    wished = [str(choice["remedy"]) for choice in claim.choices]
    return [name for name in dict.fromkeys([*(name for name in wished if name in known), *known]) if name in remedies]


def instead_of_goods(claim: Claim) -> tuple[str, ...]:
    """Money that this claim's rule allows where a replacement cannot be sent, as the customer ranks it."""
    customer = claim.order.customer
    credit = customer is not None and not customer.deleted_at
    names = offered(claim, claim.rule.remedies) if claim.rule else []
    return tuple(name for name in names if name in SHARED and (credit or name == Decision.Remedy.REFUND))
