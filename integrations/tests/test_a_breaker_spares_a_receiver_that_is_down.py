"""After five failures in a row nothing is sent but a probe now and then; once it succeeds, all goes on step by step."""

from itertools import pairwise

import pytest
from django.utils import timezone

from integrations import claiming, outbox, sending, settling
from integrations.endpoints import add_endpoint
from integrations.models import Delivery, Health
from integrations.tests.clock import later
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(receiver):
    return add_endpoint("partner", receiver.url, ["*"])


@pytest.fixture
def orders(endpoint):
    return [make_order(name=f"#{number}") for number in range(1000, 1040)]


def down(_):
    return 500, {}, b""


def well(_):
    return 200, {}, b""


def open_for() -> float:
    until = Health.objects.get().open_until
    return (until - timezone.now()).total_seconds() if until else 0.0


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Delivery.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def break_it(receiver) -> None:
    receiver.answer = down
    sending.drain()
    receiver.received.clear()


def test_it_opens_after_five_failures_and_nothing_more_is_sent(orders, receiver):
    receiver.answer = down
    sending.drain()
    tried = len(receiver.received)
    assert claiming.BREAKER_FAILURES <= tried < claiming.BREAKER_FAILURES + claiming.UNPROVEN
    assert states() == {"retrying": tried, "pending": len(orders) - tried}
    assert settling.BREAKER_SECONDS - 1 < open_for() <= settling.BREAKER_SECONDS * 1.2
    assert sending.drain() == 0
    assert len(receiver.received) == tried


def test_it_costs_the_waiting_no_tries(orders, receiver):
    break_it(receiver)
    assert set(Delivery.objects.filter(state="pending").values_list("attempts", flat=True)) == {0}


def test_then_one_probe_at_a_time_goes_and_each_failed_one_doubles_the_wait(orders, receiver):
    break_it(receiver)
    waits = []
    for _ in range(8):
        later(open_for() + 0.5)
        receiver.received.clear()
        assert sending.drain() == 1
        assert len(receiver.received) == 1
        waits.append(open_for())
    for wait, planned in zip(waits, [20, 40, 80, 160, 300, 300, 300, 300], strict=True):
        assert planned - 1 < wait <= planned * 1.2


def test_one_successful_probe_closes_it_and_the_catch_up_grows_step_by_step(orders, receiver, monkeypatch):
    break_it(receiver)
    receiver.answer = well
    later(open_for() + 6)
    together = most_at_a_time(monkeypatch)
    sending.drain()
    later(6)
    sending.drain()
    assert states() == {"delivered": len(orders)}
    assert together[0] == 1
    assert all(following <= before * 2 for before, following in pairwise(together))
    health = Health.objects.get()
    assert (health.failures, health.failing_since, health.open_until) == (0, None, None)


def most_at_a_time(monkeypatch) -> list[int]:
    """How many requests were on their way after each claim that found some; observed where they start."""
    seen: list[int] = []
    start = sending.Sender._start

    def observed(self, claimed, before):
        start(self, claimed, before)
        if claimed.deliveries:
            seen.append(self.transfers.in_flight)

    monkeypatch.setattr(sending.Sender, "_start", observed)
    return seen


def test_a_refusal_of_some_events_is_no_outage(orders, receiver):
    receiver.answer = lambda r: (422, {}, b"no")
    assert sending.drain() == len(orders)
    assert states() == {"parked": len(orders)}
    health = Health.objects.get()
    assert (health.failures, health.open_until) == (0, None)
    assert health.failing_since is not None  # but it counts as failing, for somebody must look


def test_retry_after_holds_the_whole_line(orders, receiver):
    receiver.answer = lambda r: (429, {"Retry-After": "120"}, b"")
    sending.drain()
    tried = len(receiver.received)
    assert tried <= claiming.UNPROVEN
    assert 118 < open_for() <= 121
    receiver.answer = well
    later(125)
    sending.drain()
    assert states() == {"delivered": len(orders)}


def test_a_single_failure_among_successes_changes_nothing(orders, receiver):
    name = orders[7].name.encode()
    receiver.answer = lambda r: (500, {}, b"") if b'"' + name + b'"' in r.body else (200, {}, b"")
    sending.drain()
    assert states()["delivered"] == len(orders) - states()["retrying"]
    health = Health.objects.get()
    assert (health.open_until, health.recovering) == (None, None)


def test_sending_again_by_hand_lets_a_probe_through_at_once(orders, receiver):
    break_it(receiver)
    receiver.answer = well
    failed = Delivery.objects.filter(state="retrying").first()
    assert sending.drain() == 0
    outbox.send_again(failed, by="staff:ana")
    sending.drain()
    assert receiver.received
    assert Health.objects.get().open_until is None


def test_gone_pauses_the_line_at_once(endpoint, orders, receiver):
    receiver.answer = lambda r: (410, {}, b"")
    sending.drain()
    endpoint.refresh_from_db()
    assert endpoint.paused_at is not None
    assert "410" in endpoint.paused_because
    assert len(receiver.received) <= claiming.UNPROVEN
    assert "pending" in states()
