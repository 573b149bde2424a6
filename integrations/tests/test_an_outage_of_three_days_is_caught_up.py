"""A partner is away for 72 hours. Every try comes when the schedule says; afterwards all arrives, in order, gently."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations import outbox, sending, settling
from integrations.endpoints import add_endpoint
from integrations.models import Connection, Delivery, DeliveryAttempt
from integrations.tests.clock import later
from orders.journal import record
from orders.models import Order
from orders.tests.builders import make_order

HOURS = 3600
OUTAGE = 72 * HOURS


@pytest.fixture
def endpoint(receiver):
    return add_endpoint("partner", receiver.url, ["*"])


def seconds_until_something_is_due() -> float:
    """To the next moment at which the engine may act: a delivery that is due behind a breaker that has closed."""
    moments = Delivery.objects.filter(state__in=["pending", "retrying"], behind=None).values_list("due_at", flat=True)
    until = Connection.objects.values_list("health__open_until", flat=True)[0]
    next_ = max(min(moments), until or min(moments))
    return max(0.0, (next_ - timezone.now()).total_seconds())


@pytest.mark.django_db
def test_one_order_is_tried_by_the_schedule_for_three_days_and_then_told_everything(endpoint, receiver):
    order = make_order()
    receiver.answer = lambda r: (503, {}, b"")
    passed, tried_at = 0.0, []
    while passed < OUTAGE:
        if sending.drain():
            tried_at.append(passed)
            if passed < 2 * HOURS:  # life goes on at the shop
                with transaction.atomic():
                    record("order.updated", shop=order.shop, order=order, by="shopify")
        step = seconds_until_something_is_due() + 0.01
        later(step)
        passed += step
    planned = 0.0
    for wait, (before, after) in zip(settling.SCHEDULE, pairwise(tried_at), strict=False):
        planned += wait
        slack = settling.MOST_BREAKER_SECONDS * (1 + settling.JITTER)
        assert wait <= after - before <= wait * (1 + settling.JITTER) + slack
    assert len(tried_at) >= 8
    receiver.answer = lambda r: (200, {}, b"")
    receiver.received.clear()
    for _ in range(4):
        later(25 * HOURS)
        sending.drain()
    ids = [r.headers["webhook-id"] for r in receiver.received]
    assert ids == list(order.journal.order_by("id").values_list("public_id", flat=True))


@pytest.mark.django_db
def test_the_catch_up_of_many_orders_is_in_order_and_begins_gently(endpoint, receiver):
    orders = [make_order() for _ in range(60)]
    receiver.answer = lambda r: (503, {}, b"")
    sending.drain()
    with transaction.atomic():
        for order in orders * 3:
            record("order.updated", shop=order.shop, order=order, by="shopify")
    passed = 0.0
    while passed < OUTAGE:
        sending.drain()
        later(6 * HOURS)
        passed += 6 * HOURS
    during = DeliveryAttempt.objects.count()
    assert during < 60  # the breaker let a probe through now and then, not everything again and again
    receiver.answer = lambda r: (200, {}, b"")
    receiver.received.clear()
    for _ in range(3):
        later(25 * HOURS)
        sending.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    got = defaultdict(list)
    for request in receiver.received:
        got[request.body.split(b'"order":{"id":"')[1].split(b'"')[0].decode()].append(request.headers["webhook-id"])
    for order in orders:
        assert got[order.public_id] == list(order.journal.order_by("id").values_list("public_id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_parked_sent_again_twice_at_once_arrive_once(endpoint, receiver):
    order = make_order()
    entry = order.journal.get()
    Delivery.objects.all().delete()
    with connection.cursor() as cursor:  # 10,000 refused events of 500 orders
        own = [f'"{field.column}"' for field in Order._meta.concrete_fields if not field.generated]
        cursor.execute(
            f"""
            INSERT INTO orders_order ({", ".join(own)}) SELECT {", ".join(f"copy.{name}" for name in own)}
            FROM orders_order o, generate_series(1, 500) n, jsonb_populate_record(o, jsonb_build_object(
                'id', o.id + n, 'public_id', 'ord_' || n, 'remote_id', o.remote_id + n)) copy
            WHERE o.id = %s
            """, [order.pk],
        )  # fmt: skip
        cursor.execute(
            """
            WITH entries AS (
                INSERT INTO orders_journalentry
                    (public_id, shop_id, order_id, action, subject, by, source, facts, horizon, created_at)
                SELECT 'evt_' || n, %s, %s + 1 + n %% 500, 'order.updated', '', 'shopify', '', '{}', 0, now()
                FROM generate_series(0, 9999) n RETURNING id, order_id, shop_id
            )
            INSERT INTO integrations_delivery (connection_id, entry_id, order_id, shop_id, state, parked_because,
                attempts, due_at, fence, result, created_at)
            SELECT %s, id, order_id, shop_id, 'parked', 'refused', 3, now(), 7, '', now() FROM entries ORDER BY id
            """, [order.shop_id, order.pk, endpoint.pk],
        )  # fmt: skip
    assert entry.pk

    def press(_):
        try:
            return outbox.send_all_again(endpoint, by="staff:ana")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as staff:
        assert sorted(staff.map(press, range(2))) == [0, 10_000]
    while sending.drain():
        pass
    ids = [r.headers["webhook-id"] for r in receiver.received]
    assert len(ids) == len(set(ids)) == 10_000
    last: dict[bytes, int] = defaultdict(int)
    for request in receiver.received:
        order_id = request.body.split(b'"order":{"id":"')[1].split(b'"')[0]
        sequence = int(request.body.split(b'"sequence":')[1].split(b",")[0])
        assert sequence > last[order_id]
        last[order_id] = sequence


@pytest.mark.django_db
def test_everything_since_a_moment_is_sent_again_under_the_same_ids(endpoint, receiver):
    order = make_order()
    with transaction.atomic():
        record("order.updated", shop=order.shop, order=order, by="shopify")
    sending.drain()
    first = [r.headers["webhook-id"] for r in receiver.received]
    receiver.received.clear()
    assert outbox.send_since(endpoint, timezone.now() - timedelta(hours=1), by="staff:ana") == 2
    sending.drain()
    assert [r.headers["webhook-id"] for r in receiver.received] == first
    assert outbox.send_since(endpoint, timezone.now() + timedelta(hours=1), by="staff:ana") == 0
    with pytest.raises(ValueError, match="30 days"):
        outbox.send_since(endpoint, timezone.now() - timedelta(days=31), by="staff:ana")
