"""Records events one at a time, each when the one before it is delivered, and prints when each was committed.

    python -m bench.waking_process EVENTS BURST ORDERS

A burst is committed first, in one transaction; the first event follows as soon as all of it is delivered.
"""

import json
import random
import sys
import time

from django.db import connection, transaction

from bench.backlog_process import insert, known_orders  # sets Django up
from integrations import bells
from integrations.models import Delivery
from orders.journal import record
from orders.models import Order

LIMIT_SECONDS = 120.0


def main(events: int, burst: int, count: int) -> None:
    orders = known_orders(count)
    record_one(orders[0])  # what the first one loads is not measured
    wait_until_delivered()
    burst_seconds = 0.0
    if burst:
        with transaction.atomic():
            insert(burst, orders)
            bells.ring(bells.OUTBOX)
        began = time.monotonic()
        wait_until_delivered()
        burst_seconds = time.monotonic() - began
    committed = []
    for turn in range(events):
        committed.append(record_one(orders[turn % count]))
        wait_until_delivered()
        time.sleep(random.uniform(0.02, 0.05) if burst else random.uniform(0.1, 0.3))
    print(json.dumps({"committed": committed, "burst_seconds": burst_seconds}))


@transaction.atomic
def record_one(order: Order) -> tuple[int, float]:
    """(entry, seconds by the database's clock just before the commit)."""
    entry = record("order.updated", shop=order.shop, order=order, by="bench", changed=["note"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return entry.pk, cursor.fetchone()[0]


def wait_until_delivered() -> None:
    """Ask a hundred times a second, which costs next to nothing."""
    until = time.monotonic() + LIMIT_SECONDS
    while Delivery.objects.filter(state__in=("pending", "sending", "retrying")).exists():
        if time.monotonic() > until:
            raise TimeoutError("The deliveries were not sent in time.")
        time.sleep(0.01)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
