"""Several senders claim, fail, settle and fall asleep while orders change: every order's events still go one by one.

Threads with connections of their own, so that their statements meet in every way; the partner is a list.
"""

import os
import random
import threading
from collections import defaultdict

import pytest
from django.db import connection, transaction

from integrations import claiming, settling
from integrations.endpoints import add_endpoint
from integrations.errors import RetryLater
from integrations.models import Connection, Delivery
from integrations.sent import Sent
from integrations.settling import Outcome
from integrations.tests.clock import later
from orders.journal import record
from orders.models import Order
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db(transaction=True)

SEED = int(os.environ.get("SEED", "1"))
ORDERS, CHANGES, SENDERS = 12, 240, 3


def order_of(delivery: claiming.Claimed) -> str:
    assert delivery.event.order is not None
    return delivery.event.order[0]


class World:
    """Who is sending what at this moment, and what the partner has seen."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.under_way: set[str] = set()
        self.seen: dict[str, list[int]] = defaultdict(list)
        self.wrong: list[str] = []
        self.writing = True

    def begin(self, delivery: claiming.Claimed) -> None:
        order = order_of(delivery)
        with self.lock:
            if order in self.under_way:
                self.wrong.append(f"two of {order} at the same time")
            self.under_way.add(order)

    def end(self, delivery: claiming.Claimed, *, arrived: bool) -> None:
        order = order_of(delivery)
        with self.lock:
            if arrived:
                self.seen[order].append(delivery.event.sequence)
            self.under_way.discard(order)


def write(world: World, orders: list[Order], number: int) -> None:
    dice = random.Random(SEED * 100 + number)
    try:
        for _ in range(CHANGES // 2):
            with transaction.atomic():
                order = Order.objects.select_for_update().get(pk=dice.choice(orders).pk)
                for _ in range(dice.randint(1, 3)):
                    record("order.updated", shop=order.shop, order=order, by="test")
    finally:
        connection.close()


def send(world: World, number: int) -> None:
    dice = random.Random(SEED * 1000 + number)
    try:
        while True:
            claimed = claiming.claim(["webhook"], dice.randint(1, 20)).deliveries
            outcomes = []
            for delivery in claimed:
                world.begin(delivery)
                fails = dice.random() < 0.1
                world.end(delivery, arrived=not fails)
                result = RetryLater("down", status=500) if fails else Sent("ok", 200)
                outcomes.append(
                    Outcome(delivery.id, delivery.connection_id, delivery.fence, delivery.attempts, result, 1)
                )
            settling.settle(outcomes)
            with connection.cursor() as cursor:  # the schedule's waits are over at once
                cursor.execute(
                    "UPDATE integrations_delivery SET due_at = now() WHERE state = 'retrying' AND due_at > now()"
                )
                cursor.execute(
                    "UPDATE integrations_health SET open_until = NULL, failures = 0, last_success_at = now()"
                )
            if not claimed and not world.writing and not Delivery.objects.filter(state__in=Delivery.OPEN).exists():
                return
    except Exception as error:  # noqa: BLE001 the test, in another thread, is told
        world.wrong.append(f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def test_under_every_meeting_of_statements_an_order_goes_in_order(receiver):
    add_endpoint("partner", receiver.url, ["*"])
    claiming.ensure_health()
    orders = [make_order() for _ in range(ORDERS)]
    world = World()
    writers = [threading.Thread(target=write, args=(world, orders, number)) for number in range(2)]
    senders = [threading.Thread(target=send, args=(world, number)) for number in range(SENDERS)]
    for thread in writers + senders:
        thread.start()
    for thread in writers:
        thread.join()
    world.writing = False
    for thread in senders:
        thread.join(60)
        assert not thread.is_alive(), f"SEED={SEED}: something is never sent: {stuck()}"
    assert world.wrong == [], f"SEED={SEED}"
    for order in orders:
        assert world.seen[order.public_id] == list(order.journal.order_by("id").values_list("id", flat=True))
    assert not Delivery.objects.filter(behind__isnull=False).exists()


def stuck() -> list[tuple]:
    return list(Delivery.objects.filter(state__in=Delivery.OPEN).values_list("id", "order", "state", "behind")[:10])


def test_a_sender_that_fell_asleep_with_half_an_order_loses_it_to_another(receiver):
    add_endpoint("partner", receiver.url, ["*"])
    claiming.ensure_health()
    order = make_order()
    with transaction.atomic():
        record("order.updated", shop=order.shop, order=order, by="test")
    [asleep] = claiming.claim(["webhook"], 10).deliveries
    assert claiming.claim(["webhook"], 10).deliveries == []  # the second waits behind the first
    later(claiming.DEADLINE_SECONDS + claiming.MARGIN_SECONDS + 1)
    [again] = claiming.claim(["webhook"], 10).deliveries
    assert (again.id, again.fence) == (asleep.id, asleep.fence + 1)
    late = Outcome(asleep.id, asleep.connection_id, asleep.fence, asleep.attempts, Sent("ok", 200), 1)
    assert settling.settle([late]) == set()
    assert claiming.claim(["webhook"], 10).deliveries == []  # still behind: the late word did not count
    settling.settle([Outcome(again.id, again.connection_id, again.fence, again.attempts, Sent("ok", 200), 1)])
    assert len(claiming.claim(["webhook"], 10).deliveries) == 1
    assert Connection.objects.count() == 1
