"""A form that is sent twice (a double click, a lost answer, a reload) does once what it does."""

import secrets
from collections.abc import Callable

from django.db import transaction

from orders.models import Order
from protection.models import Claim, SentForm


def new_key() -> str:
    """A key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)


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
