"""A day after a decided claim was closed its customer is asked how it went: once, and not where mails are off."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import JournalEntry
from protection import filing, review
from protection.customer import feedback as answers
from protection.messages import feedback
from protection.models import Claim, CustomerMail, Message
from protection.tests.builders import decide, make_agent, make_claim
from protection.tests.faults import fault_with

pytestmark = pytest.mark.django_db
TOMORROW = timedelta(days=1, minutes=1)


@pytest.fixture(autouse=True)
def mails_are_on(settings: Any) -> None:
    settings.CUSTOMER_MAILS = True


@pytest.fixture
def denied() -> Claim:
    return decide(make_claim(), make_agent(), 0)


def asked() -> int:
    return Message.objects.filter(event="feedback").count()


def test_a_fault_with_one_does_not_hold_up_the_others(denied: Claim) -> None:
    decide(make_claim(), make_agent("ben"), 0)
    with fault_with(denied.public_id):
        assert feedback.run(timezone.now() + TOMORROW) == 1
    assert feedback.run(timezone.now() + TOMORROW) == 1


def test_it_is_asked_a_day_after_the_end_and_once(denied: Claim) -> None:
    assert feedback.run() == 0
    assert feedback.run(timezone.now() + TOMORROW) == 1
    assert feedback.run(timezone.now() + TOMORROW) == 0
    message = Message.objects.get(event="feedback")
    assert "/c/feedback/" in message.text
    assert message.claim == denied
    assert JournalEntry.objects.filter(action="claim.feedback_asked", subject=denied.public_id).count() == 1
    review.reopen(denied, "New proof", user=make_agent("lea"))
    decide(denied, make_agent("ben"), 0)
    feedback.run(timezone.now() + TOMORROW)
    assert asked() == 1


def test_nobody_is_asked_weeks_later(denied: Claim) -> None:
    assert feedback.run(timezone.now() + timedelta(days=20)) == 0


def test_nobody_is_asked_about_what_was_never_decided_or_is_open_again(denied: Claim) -> None:
    filing.withdraw(make_claim(), by="customer")
    review.reopen(denied, "New proof", user=make_agent("lea"))
    assert feedback.run(timezone.now() + TOMORROW) == 0
    assert feedback.ask(denied, timezone.now() + TOMORROW) is False


@pytest.mark.parametrize("by_default, chosen", [(True, False), (False, None), (False, False)])
def test_nobody_is_asked_where_mails_are_off(denied: Claim, settings: Any, by_default: bool, chosen: bool) -> None:
    settings.CUSTOMER_MAILS = by_default
    if chosen is not None:
        CustomerMail.objects.create(shop=denied.order.shop, on=chosen)
    assert feedback.run(timezone.now() + TOMORROW) == 0
    assert asked() == 0


def test_a_store_that_switched_mails_on_asks_though_others_do_not(denied: Claim, settings: Any) -> None:
    settings.CUSTOMER_MAILS = False
    CustomerMail.objects.create(shop=denied.order.shop, on=True)
    assert feedback.run(timezone.now() + TOMORROW) == 1


def test_who_has_answered_is_not_asked(denied: Claim) -> None:
    answers.give_feedback(denied, 5, by="customer")
    assert feedback.run(timezone.now() + TOMORROW) == 0
