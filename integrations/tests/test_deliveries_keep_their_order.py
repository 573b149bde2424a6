"""Per connection and order strictly one after the other; other orders are never held up; every try is on record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from integrations import claiming, outbox, sending, settling
from integrations.endpoints import add_endpoint
from integrations.models import Connection, Delivery, DeliveryAttempt, Health
from integrations.sent import Sent
from integrations.settling import Outcome
from integrations.tests.clock import later
from orders.intake import Origin, apply_snapshot
from orders.journal import record
from orders.tests.builders import NOON, make_order, make_shop, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(receiver):
    return add_endpoint("partner", receiver.url, ["*"])


def change(order, **fields):
    """The shop changes the order's note; one more journal entry."""
    later = order.remote_updated_at + timedelta(seconds=1)
    body = snapshot(remote_id=order.remote_id, updated_at=later, note=f"note at {later}", **fields)
    return apply_snapshot(order.shop, body, Origin(by="shopify")).order


def test_an_order_goes_out_in_the_order_things_happened(endpoint, receiver):
    order = make_order()
    for _ in range(4):
        order = change(order)
    assert sending.drain() == 5
    ids = [r.headers["webhook-id"] for r in receiver.received]
    entries = order.journal.order_by("id").values_list("public_id", flat=True)
    assert ids == list(entries)


def test_a_failing_head_holds_back_its_own_order_and_no_other(endpoint, receiver):
    stuck, free = make_order(name="#stuck"), make_order(name="#free")
    change(stuck)
    change(free)
    receiver.answer = lambda r: (500, {}, b"") if b"#stuck" in r.body else (200, {}, b"")
    sending.drain()
    assert [d.state for d in Delivery.objects.filter(order=free).order_by("id")] == ["delivered", "delivered"]
    assert [d.state for d in Delivery.objects.filter(order=stuck).order_by("id")] == ["retrying", "pending"]
    receiver.answer = lambda r: (200, {}, b"")
    later(6)
    sending.drain()
    assert [d.state for d in Delivery.objects.filter(order=stuck).order_by("id")] == ["delivered", "delivered"]


def test_a_parked_head_holds_back_its_order_until_staff_send_it_again(endpoint, receiver):
    order = make_order()
    change(order)
    receiver.answer = lambda r: (400, {}, b"we do not know this event")
    sending.drain()
    head, second = Delivery.objects.order_by("id")
    assert (head.state, head.parked_because, second.state) == ("parked", "refused", "pending")
    assert head.log.get().answer == "we do not know this event"
    receiver.answer = lambda r: (200, {}, b"")
    outbox.send_again(head, by="staff:ana")
    assert sending.drain() == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.parametrize(
    "status, state, parked",
    [
        (200, "delivered", ""), (204, "delivered", ""), (301, "retrying", ""), (400, "parked", "refused"),
        (404, "parked", "refused"), (408, "retrying", ""), (410, "parked", "gone"), (429, "retrying", ""),
        (500, "retrying", ""), (503, "retrying", ""),
    ],
)  # fmt: skip
def test_what_each_answer_means(endpoint, receiver, status, state, parked):
    make_order()
    receiver.answer = lambda r: (status, {}, b"")
    sending.drain()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.parked_because, delivery.log.get().status) == (state, parked, status)


def test_a_redirect_is_never_followed(endpoint, receiver):
    make_order()
    receiver.answer = lambda r: (302, {"Location": receiver.url + "/elsewhere"}, b"")
    sending.drain()
    assert [r.path for r in receiver.received] == ["/hook"]


def test_tries_follow_the_schedule_and_end_parked(endpoint, receiver):
    make_order()
    receiver.answer = lambda r: (500, {}, b"")
    waits = []
    for _ in range(len(settling.SCHEDULE) + 1):
        assert sending.drain() == 1
        wait = (Delivery.objects.get().due_at - timezone.now()).total_seconds()
        waits.append(wait)
        later(max(wait, settling.MOST_BREAKER_SECONDS * 1.2))
    for wait, planned in zip(waits, settling.SCHEDULE, strict=False):
        assert planned - 1 <= wait <= planned * 1.2
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.parked_because) == ("parked", "exhausted")
    assert list(delivery.log.values_list("number", flat=True)) == list(range(1, 11))


@pytest.mark.parametrize(
    "value, least, most", [("120", 119, 130), ("0", 4, 7), ("9999999", 86_000, 87_000), ("soon", 4, 7)]
)
def test_retry_after_is_obeyed_within_a_day(endpoint, receiver, value, least, most):
    make_order()
    receiver.answer = lambda r: (429, {"Retry-After": value}, b"")
    sending.drain()
    wait = (Delivery.objects.get().due_at - timezone.now()).total_seconds()
    assert least <= wait <= most


def test_no_answer_at_all_is_tried_again():
    add_endpoint("partner", "http://127.0.0.1:9/nobody", ["*"])
    make_order()
    sending.drain()
    delivery = Delivery.objects.get()
    assert delivery.state == "retrying"
    assert delivery.log.get().status is None


def test_an_entry_is_never_sent_back_where_it_came_from(endpoint, receiver):
    other = add_endpoint("other", receiver.url, ["*"])
    apply_snapshot(make_shop(), snapshot(), Origin(by="partner", source=endpoint.public_id))
    assert list(Delivery.objects.values_list("connection", flat=True)) == [other.pk]


@pytest.mark.parametrize(
    "events, wanted",
    [
        (["*"], True),
        (["order.*"], True),
        (["order.created"], True),
        (["claim.*"], False),
        (["order.updated"], False),
    ],
)
def test_an_endpoint_is_sent_only_what_it_asked_for(receiver, events, wanted):
    add_endpoint("partner", receiver.url, events)
    make_order()
    assert Delivery.objects.exists() is wanted


def test_a_paused_connection_is_sent_nothing_and_loses_nothing(endpoint, receiver):
    endpoint.paused_at = timezone.now()
    endpoint.save()
    make_order()
    assert sending.drain() == 0
    assert receiver.received == []
    assert Delivery.objects.get().state == "pending"


def test_a_delivery_waits_for_the_end_of_the_undo_window(endpoint, receiver):
    order = make_order()
    not_before = timezone.now() + timedelta(seconds=30)
    record("resolution.queued", shop=order.shop, order=order, by="staff:ana", not_before=not_before.isoformat())
    sending.drain()
    assert [d.state for d in Delivery.objects.order_by("id")] == ["delivered", "pending"]


def claim_all():
    claiming.ensure_health()
    return claiming.claim(["webhook"], 100).deliveries


def test_a_sender_that_lost_its_lease_writes_nothing(endpoint, receiver):
    make_order()
    [frozen] = claim_all()
    later(claiming.DEADLINE_SECONDS + claiming.MARGIN_SECONDS + 1)  # it slept through its lease
    receiver.answer = lambda r: (500, {}, b"")
    assert sending.drain() == 1
    late = Outcome(frozen.id, endpoint.pk, frozen.fence, frozen.attempts, Sent("Accepted with 200", 200), 20_000)
    assert settling.settle([late]) == set()
    assert Delivery.objects.get().state == "retrying"
    assert DeliveryAttempt.objects.get().status == 500
    assert Health.objects.get().last_success_at is None


def test_a_lease_ends_at_most_30_s_after_its_attempt_must_have_ended(endpoint):
    make_order()
    claim_all()
    lease = (Delivery.objects.get().lease_until - timezone.now()).total_seconds()
    assert claiming.DEADLINE_SECONDS < lease <= claiming.DEADLINE_SECONDS + 30


def test_a_leased_delivery_is_not_claimed_twice(endpoint):
    make_order()
    assert len(claim_all()) == 1
    assert claim_all() == []


def test_sending_again_what_was_delivered_sends_nothing(endpoint, receiver):
    make_order()
    sending.drain()
    outbox.send_again(Delivery.objects.get(), by="staff:ana")
    assert sending.drain() == 0
    assert len(receiver.received) == 1


def test_the_time_of_a_delivery_is_the_order_of_its_journal_not_of_its_updates(endpoint, receiver):
    order = make_order(updated_at=NOON)
    change(order)
    Delivery.objects.filter(entry__action="order.created").update(due_at=timezone.now() + timedelta(hours=1))
    assert sending.drain() == 0  # the later one is due, but not the head


def test_an_endpoint_whose_secret_cannot_be_used_holds_up_nobody_else(endpoint, receiver):
    broken = add_endpoint("broken", receiver.url + "/broken", ["*"])
    Connection.objects.filter(pk=broken.pk).update(secrets={"signing": ["whsec_not base64!"]})
    bare = add_endpoint("bare", receiver.url + "/bare", ["*"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_connection SET secrets = 'rubbish' WHERE id = %s", [bare.pk])
    make_order()
    sending.drain()
    states = dict(Delivery.objects.values_list("connection__label", "state"))
    assert states == {"partner webhook": "delivered", "broken webhook": "parked", "bare webhook": "retrying"}
