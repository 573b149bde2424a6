"""A form that is sent twice (a double click, a lost answer, a reload) does once what it does."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from orders.models import Order
from protection.models import Claim, SentForm

KEPT = timedelta(days=30)  # who sends a form again does it sooner


def new_key() -> str:
    """A key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)


def key_with(key: str, said: str) -> str:
    """The key of a form and what was written in it: who goes back, changes it and sends it again says something new."""
    return sha256(f"{key}\n{said}".encode()).hexdigest()


def taken_once(order: Order, key: str, effect: Callable[[], Claim]) -> Claim:
    """Run `effect` in one transaction with the note that this form was taken; returns its claim, also the second time.

    The order's row is locked first, as every verb does: the same form sent at once from two windows waits in line.
    """
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
        known = SentForm.objects.filter(order=order, key=key).select_related("claim__order__shop").first()
        if known:
            return known.claim
        claim = effect()
        SentForm.objects.create(order=order, key=key, claim=claim)
        return claim


def sweep() -> None:
    """By the clock: forget the forms that nobody sends again."""
    SentForm.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
