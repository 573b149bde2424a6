"""What became of the changes that carry out remedies, and parts of the fee: told by the sender, or looked up later."""

from django.db.models import Q

from backoffice.isolation import isolated
from orders.models import Change
from protection import fee_refunds, paying, reversing
from protection.models import FeeRefund, Resolution

State = Resolution.State


def follow(public_id: str) -> None:
    """Say of a remedy what became of the change with this id; safe to call at any time, and again."""
    change = Change.objects.filter(public_id=public_id).exclude(reference="").first()
    if change is None or change.state not in paying.ENDED:
        return
    if change.kind == Change.Kind.CANCEL:
        reversing.cancelled(change)
    else:
        paying.ended(change)
        fee_refunds.ended(change)


def follow_all() -> int:
    """Follow what nobody told of (a process was killed, a change was given up); returns how many were looked at."""
    waiting = Resolution.objects.filter(state=State.QUEUED, started_at__isnull=False)
    references = list(waiting.values_list("public_id", flat=True)[:500])
    standing = Resolution.objects.filter(state=State.EXECUTED)
    made = Q(state=Change.State.DONE, reference__in=standing.values("public_id"))
    refused = Q(state=Change.State.FAILED, reference__in=standing.filter(failure="").values("public_id"))
    taken_back = Change.objects.filter(made | refused, kind=Change.Kind.CANCEL, reference__startswith="res_")
    fees = FeeRefund.objects.filter(state=FeeRefund.State.ASKED).values_list("public_id", flat=True)
    references += list(fees[:500])
    ended = [
        *Change.objects.filter(reference__in=references, state__in=paying.ENDED).values_list("public_id", flat=True),
        *taken_back.values_list("public_id", flat=True)[:500],
    ]
    for public_id in ended:
        with isolated("Writing down what became of it", public_id):
            follow(public_id)
    return len(ended)
