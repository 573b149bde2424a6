"""A shop that works on it or throttles us, or a brake of our own: asked again and again, no try is used up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.errors import NotYet, RetryLater, Throttled
from integrations.models import Delivery, Health
from integrations.settling import SCHEDULE, Outcome, settle
from integrations.tests.shopify import connect
from integrations.tests.sync import deliver
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting() -> Delivery:
    connection = connect()
    Health.objects.create(connection=connection)
    return deliver(connection, make_order(shop=connection.shop))


def tried(delivery: Delivery, result: RetryLater) -> Delivery:
    """One try as the engine makes it: claimed, counted, settled."""
    Delivery.objects.filter(pk=delivery.pk).update(state="sending", attempts=delivery.attempts + 1)
    delivery.refresh_from_db()
    settle([Outcome(delivery.pk, delivery.connection_id, delivery.fence, delivery.attempts, result, 5)])
    delivery.refresh_from_db()
    return delivery


def test_it_may_take_any_number_of_looks(waiting):
    for _ in range(len(SCHEDULE) + 5):
        tried(waiting, NotYet("The shop works on it.", after=2))
    assert (waiting.state, waiting.attempts) == ("retrying", 0)
    assert set(waiting.log.values_list("number", flat=True)) == {0}
    health = Health.objects.get(connection=waiting.connection)
    assert (health.failures, health.open_until) == (0, None)


def test_a_real_failure_after_it_is_counted_from_the_first(waiting):
    for _ in range(len(SCHEDULE) + 5):
        tried(waiting, NotYet("The shop works on it.", after=2))
    tried(waiting, RetryLater("No answer"))
    assert (waiting.state, waiting.attempts) == ("retrying", 1)
    assert Health.objects.get(connection=waiting.connection).failures == 1


def test_being_throttled_uses_up_no_try_and_holds_the_connection_for_just_so_long(waiting):
    for _ in range(len(SCHEDULE) + 5):
        tried(waiting, Throttled("Shopify throttles us.", after=2, status=200))
        assert timedelta(0) < waiting.due_at - timezone.now() <= timedelta(seconds=2)
    assert (waiting.state, waiting.attempts) == ("retrying", 0)
    health = Health.objects.get(connection=waiting.connection)
    assert (health.failures, health.failing_since, health.recovering) == (0, None, None)
    assert timedelta(0) < health.open_until - timezone.now() <= timedelta(seconds=2)
