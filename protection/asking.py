"""Asking the customer: a checklist, two reminders, an end that any answer takes back."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backoffice.isolation import isolated
from orders.journal import record
from protection.eligibility import ClaimRefused
from protection.filing import hold_again, locked
from protection.models import Claim, InfoRequest, Reply
from protection.standing import under_way
from protection.verbs import check

REMINDERS = 2
AT_ONCE = 500  # claims in one run; the next minute takes the rest


@transaction.atomic
def ask(claim: Claim, asked: Sequence[str], *, by: str) -> InfoRequest:
    """Ask the customer for these things at once; the claim waits for the answer. Raises ClaimRefused, MoveRefused."""
    wanted = [one.strip() for one in asked if one.strip()]
    if not wanted:
        raise ClaimRefused("nothing_asked", "Say what the customer should send.", "/asked")
    claim = locked(claim)
    check(claim, "ask", by=by)
    now = timezone.now()
    request = InfoRequest.objects.create(
        claim=claim, asked=wanted, asked_by=by, due_at=now + _period(), remind_at=now + _step()
    )
    facts = {"question": "\n".join(wanted), "request": request.public_id, "due_at": request.due_at.isoformat()}
    claim.move_to(Claim.State.NEEDS_INFO, by=by, **facts)
    return request


@transaction.atomic
def answer(claim: Claim, text: str, *, by: str, source: str = "") -> Claim:
    """The customer writes back (or staff note that they did, without words): kept, and whatever waited goes on.

    A claim that was closed for want of an answer is opened again; any other closed claim is not, and says so with
    ClaimRefused (claim_closed): that is what an appeal is for.
    """
    claim = locked(claim)
    check(claim, "answer", by=by)
    was_closed = claim.state == Claim.State.CLOSED
    if was_closed:
        _check_may_open(claim)
        hold_again(claim)
    request = claim.info_requests.filter(ended_at=None).first()
    if text.strip():
        reply = Reply.objects.create(claim=claim, request=request, text=text.strip(), by=by)
        record("claim.replied", shop=claim.order.shop, order=claim.order, subject=claim.public_id, by=by,
               source=source, reply=reply.public_id, request=request.public_id if request else None)  # fmt: skip
    if was_closed:
        claim.move_to(Claim.State.IN_REVIEW, by=by, source=source, why="The customer answered after all.")
    elif claim.state == Claim.State.NEEDS_INFO:
        claim.move_to(Claim.State.IN_REVIEW, by=by, source=source)
    return claim


def run(now: datetime | None = None) -> None:
    """By the clock: remind those who are due, close what was reminded twice and still not answered."""
    now = now or timezone.now()
    waiting = InfoRequest.objects.filter(ended_at=None, claim__state=Claim.State.NEEDS_INFO)
    _each(waiting.filter(remind_at__lte=now), remind, now)
    _each(waiting.filter(remind_at=None, due_at__lte=now), expire, now)


def remind(request: InfoRequest, now: datetime, *, by: str = "system") -> bool:
    """Remind once more, where it is time to; False when it is not (any more).

    The due date moves along where reminders came late, so that nobody is closed on the heels of one.
    """
    claim = request.claim
    check(claim, "remind", by=by)
    if request.remind_at is None or request.remind_at > now:
        return False
    request.reminders += 1
    request.remind_at = now + _step() if request.reminders < REMINDERS else None
    request.due_at = max(request.due_at, now + _step() * (REMINDERS + 1 - request.reminders))
    request.save(update_fields=["reminders", "remind_at", "due_at"])
    record("claim.reminded", shop=claim.order.shop, order=claim.order, subject=claim.public_id, by=by,
           request=request.public_id, number=request.reminders, due_at=request.due_at.isoformat())  # fmt: skip
    return True


def expire(request: InfoRequest, now: datetime, *, by: str = "system") -> bool:
    """Close the claim whose time to answer is over after both reminders; False when it is not (yet).

    It is not while a remedy of it is under way: that one may fail, and then somebody decides anew.
    """
    claim = request.claim
    check(claim, "expire", by=by)
    if request.reminders < REMINDERS or request.due_at > now or under_way(claim):
        return False
    claim.move_to(
        Claim.State.CLOSED, by=by, outcome=Claim.Outcome.NO_RESPONSE, request=request.public_id,
        reopens_until=(now + reply_window()).isoformat(),
    )  # fmt: skip
    return True


def reply_window() -> timedelta:
    """How long after it was closed for want of an answer a claim opens again by one."""
    return timedelta(days=settings.REPLY_DAYS)


def _each(requests: QuerySet[InfoRequest], verb: Callable[[InfoRequest, datetime], bool], now: datetime) -> None:
    """Run `verb` on each request in a transaction of its own, locked as every verb locks and read again."""
    for found in list(requests.select_related("claim")[:AT_ONCE]):
        with isolated("Going on with what was asked", found.claim.public_id), transaction.atomic():
            claim = locked(found.claim)
            request = InfoRequest.objects.get(pk=found.pk)
            request.claim = claim
            if request.ended_at is None and claim.state == Claim.State.NEEDS_INFO:
                verb(request, now)


def _check_may_open(claim: Claim) -> None:
    if claim.outcome != Claim.Outcome.NO_RESPONSE or claim.closed_at is None:
        raise ClaimRefused("claim_closed", "This claim is closed. If you think that is wrong, appeal.")
    until = claim.closed_at + reply_window()
    if timezone.now() > until:
        raise ClaimRefused("claim_closed", f"This claim is closed; an answer opened it again until {until:%-d %b %Y}.")


def _period() -> timedelta:
    return timedelta(days=settings.INFO_DAYS)


def _step() -> timedelta:
    """Reminders divide the time to answer into equal parts."""
    return _period() / (REMINDERS + 1)
