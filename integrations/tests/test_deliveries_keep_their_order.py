"""Per connection and order strictly one after the other; other orders are never held up; every try is on record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import outbox
from integrations.connecting import add_endpoint
from integrations.models import Delivery, DeliveryAttempt
from orders.intake import Origin, apply_snapshot
from orders.journal import record
from orders.tests.builders import NOON, make_order, make_shop, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(receiver):
    return add_endpoint("partner", receiver.url, ["*"])


def make_due(**filters) -> None:
    Delivery.objects.filter(**filters).exclude(state="delivered").update(due_at=timezone.now(), lease_until=None)


def change(order, **fields):
    """The shop changes the order's note; one more journal entry."""
    later = order.remote_updated_at + timedelta(seconds=1)
    body = snapshot(remote_id=order.remote_id, updated_at=later, note=f"note at {later}", **fields)
    return apply_snapshot(order.shop, body, Origin(by="shopify")).order


def test_an_order_goes_out_in_the_order_things_happened(endpoint, receiver):
    order = make_order()
    for _ in range(4):
        order = change(order)
    assert outbox.drain(endpoint.pk) == 5
    ids = [r.headers["webhook-id"] for r in receiver.received]
    entries = order.journal.order_by("id").values_list("public_id", flat=True)
    assert ids == list(entries)


def test_a_failing_head_holds_back_its_own_order_and_no_other(endpoint, receiver):
    stuck, free = make_order(name="#stuck"), make_order(name="#free")
    change(stuck)
    change(free)
    receiver.answer = lambda r: (500, {}, b"") if b"#stuck" in r.body else (200, {}, b"")
    outbox.drain(endpoint.pk)
    assert [d.state for d in Delivery.objects.filter(order=free).order_by("id")] == ["delivered", "delivered"]
    assert [d.state for d in Delivery.objects.filter(order=stuck).order_by("id")] == ["retrying", "pending"]
    receiver.answer = lambda r: (200, {}, b"")
    make_due(order=stuck)
    outbox.drain(endpoint.pk)
    assert [d.state for d in Delivery.objects.filter(order=stuck).order_by("id")] == ["delivered", "delivered"]


def test_a_parked_head_holds_back_its_order_until_staff_send_it_again(endpoint, receiver):
    order = make_order()
    change(order)
    receiver.answer = lambda r: (400, {}, b"we do not know this event")
    outbox.drain(endpoint.pk)
    head, second = Delivery.objects.order_by("id")
    assert (head.state, head.parked_because, second.state) == ("parked", "refused", "pending")
    assert head.log.get().answer == "we do not know this event"
    receiver.answer = lambda r: (200, {}, b"")
    outbox.send_again(head, by="staff:ana")
    assert outbox.drain(endpoint.pk) == 2
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
    outbox.drain(endpoint.pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.parked_because, delivery.log.get().status) == (state, parked, status)


def test_a_redirect_is_never_followed(endpoint, receiver):
    make_order()
    receiver.answer = lambda r: (302, {"Location": receiver.url + "/elsewhere"}, b"")
    outbox.drain(endpoint.pk)
    assert [r.path for r in receiver.received] == ["/hook"]


def test_tries_follow_the_schedule_and_end_parked(endpoint, receiver):
    make_order()
    receiver.answer = lambda r: (500, {}, b"")
    waits = []
    for _ in range(len(outbox.SCHEDULE) + 1):
        make_due()
        before = timezone.now()
        outbox.drain(endpoint.pk)
        waits.append((Delivery.objects.get().due_at - before).total_seconds())
    for wait, planned in zip(waits, outbox.SCHEDULE, strict=False):
        assert planned.total_seconds() <= wait <= planned.total_seconds() * 1.2 + 5
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.parked_because) == ("parked", "exhausted")
    assert list(delivery.log.values_list("number", flat=True)) == list(range(1, 11))


@pytest.mark.parametrize(
    "value, least, most", [("120", 119, 130), ("0", 4, 7), ("9999999", 86_000, 87_000), ("soon", 4, 7)]
)
def test_retry_after_is_obeyed_within_a_day(endpoint, receiver, value, least, most):
    make_order()
    receiver.answer = lambda r: (429, {"Retry-After": value}, b"")
    outbox.drain(endpoint.pk)
    wait = (Delivery.objects.get().due_at - timezone.now()).total_seconds()
    assert least <= wait <= most


def test_no_answer_at_all_is_tried_again():
    endpoint = add_endpoint("partner", "http://127.0.0.1:9/nobody", ["*"])
    make_order()
    outbox.drain(endpoint.pk)
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
        ([], False),
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
    assert outbox.drain(endpoint.pk) == 0
    assert receiver.received == []
    assert Delivery.objects.get().state == "pending"


def test_a_delivery_waits_for_the_end_of_the_undo_window(endpoint, receiver):
    order = make_order()
    not_before = timezone.now() + timedelta(seconds=30)
    record("resolution.queued", shop=order.shop, order=order, by="staff:ana", not_before=not_before.isoformat())
    outbox.drain(endpoint.pk)
    assert [d.state for d in Delivery.objects.order_by("id")] == ["delivered", "pending"]


def test_a_sender_that_lost_its_lease_writes_nothing(endpoint, receiver):
    make_order()
    [frozen] = outbox._claim(endpoint)
    frozen.connection = endpoint
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))  # it slept through its lease
    receiver.answer = lambda r: (500, {}, b"")
    outbox.drain(endpoint.pk)
    assert Delivery.objects.get().state == "retrying"
    receiver.answer = lambda r: (200, {}, b"")
    outbox.attempt(frozen)  # it wakes and sends: the partner sees the same webhook-id again, our row is not touched
    assert Delivery.objects.get().state == "retrying"
    assert DeliveryAttempt.objects.count() == 1
    assert len({r.headers["webhook-id"] for r in receiver.received}) == 1


def test_a_leased_delivery_is_not_claimed_twice(endpoint):
    make_order()
    assert len(outbox._claim(endpoint)) == 1
    assert outbox._claim(endpoint) == []


def test_sending_again_what_was_delivered_sends_nothing(endpoint, receiver):
    make_order()
    outbox.drain(endpoint.pk)
    outbox.send_again(Delivery.objects.get(), by="staff:ana")
    assert outbox.drain(endpoint.pk) == 0
    assert len(receiver.received) == 1


def test_the_time_of_a_delivery_is_the_order_of_its_journal_not_of_its_updates(endpoint, receiver):
    order = make_order(updated_at=NOON)
    change(order)
    Delivery.objects.filter(entry__action="order.created").update(due_at=timezone.now() + timedelta(hours=1))
    assert outbox.drain(endpoint.pk) == 0  # the later one is due, but not the head
