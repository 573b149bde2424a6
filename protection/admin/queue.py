"""The queues an agent works through, and who comes next in them."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Now

from protection.models import Claim

State = Claim.State

# Kept back by a routing rule: until a day (then it is in the queue again by itself), or for a lead.
HELD_UNTIL = Q(held_until__gt=Now())
HELD = HELD_UNTIL | Q(next_actor=Claim.Actor.LEAD)


@dataclass(frozen=True, slots=True)
class Queue:
    """`states` are shown; of these `counted` make the figure (closed claims are never counted)."""

    title: str
    states: tuple[str, ...] | None
    counted: tuple[str, ...] = ()


QUEUES = {
    "todo": Queue("To decide", (State.IN_REVIEW,), (State.IN_REVIEW,)),
    "mine": Queue("Mine", None),
    "held": Queue("Held", None),
    "customer": Queue("Waiting for the customer", (State.NEEDS_INFO,), (State.NEEDS_INFO,)),
    "underway": Queue(
        "Under way",
        (State.SUBMITTED, State.WAITING, State.DECIDED, State.RESOLVING),
        (State.SUBMITTED, State.WAITING, State.DECIDED, State.RESOLVING),
    ),
    "found": Queue("Parcel found", None),
    "closed": Queue("Closed", (State.CLOSED,)),
    "all": Queue("All", None),
}


def in_queue(claims: QuerySet[Claim], key: str, user: AbstractBaseUser | AnonymousUser) -> QuerySet[Claim]:
    """The claims of a queue. Open queues are worked oldest first; the finished are looked up newest first."""
    if key == "mine":
        return claims.filter(assignee_id=user.pk).exclude(state=State.CLOSED)
    if key == "held":
        return claims.filter(HELD, state=State.IN_REVIEW)
    if key == "found":
        return claims.filter(found_open=True).order_by("found_at")
    states = QUEUES[key].states
    chosen = claims.filter(state__in=states) if states else claims
    if key == "todo":
        chosen = chosen.exclude(HELD_UNTIL)
    return chosen.order_by("-created_at", "-id") if key in ("closed", "all") else chosen


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Claims to decide around this one; `next` falls back to the oldest of the queue."""

    previous: int | None = None
    next: int | None = None


def neighbours(claim: Claim) -> Neighbours:
    todo = Claim.objects.filter(state=State.IN_REVIEW).exclude(HELD_UNTIL).exclude(pk=claim.pk)
    at, pk = claim.created_at, claim.pk
    later = Q(created_at__gt=at) | Q(created_at=at, id__gt=pk)
    sides = _first("next", todo.filter(later)), _first("previous", todo.exclude(later), "-"), _first("first", todo)
    found = dict(sides[0].union(*sides[1:], all=True))
    return Neighbours(found.get("previous"), found.get("next") or found.get("first"))


def _first(place: str, claims: QuerySet[Claim], sign: str = "") -> QuerySet[Any, Any]:
    """(place, id) of the oldest of `claims`, or with "-" of the youngest."""
    ordered = claims.order_by(f"{sign}created_at", f"{sign}id").annotate(place=Value(place))
    return ordered.values_list("place", "id")[:1]
