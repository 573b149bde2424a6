"""Makes work for senders: events of orders, due now, for all endpoints; in bulk, for making it is not measured.

The rows are those that `orders.journal.record` and the outbox make one by one.
"""

import os
import sys
from collections.abc import Sequence

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import transaction  # noqa: E402 after the settings
from django.utils import timezone  # noqa: E402

from integrations.models import Connection, Delivery  # noqa: E402
from orders.models import JournalEntry, Order, Shop  # noqa: E402

FIRST_ORDER = 8_000_000_000_000_000
A_TIME = 1_000  # entries of an INSERT


def known_orders(count: int) -> list[Order]:
    """`count` orders of nothing but a number, made when they are not there yet."""
    shop, now = Shop.objects.order_by("id")[0], timezone.now()
    names = {"currency": "EUR", "presentment_currency": "EUR", "remote_created_at": now, "remote_updated_at": now}
    wanted = [Order(shop=shop, remote_id=FIRST_ORDER + number, name=f"#B{number}", **names) for number in range(count)]
    Order.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=A_TIME)
    mine = Order.objects.filter(shop=shop, remote_id__gte=FIRST_ORDER, remote_id__lt=FIRST_ORDER + count)
    return list(mine.select_related("shop").order_by("remote_id"))


@transaction.atomic
def insert(entries: int, orders: Sequence[Order]) -> None:
    """`entries` events, each on the next of `orders`, for every endpoint that is told everything."""
    lines = list(Connection.objects.filter(system="webhook", events=["*"]))
    for first in range(0, entries, A_TIME):
        turns = range(first, min(entries, first + A_TIME))
        of_turn = [orders[turn % len(orders)] for turn in turns]
        made = JournalEntry.objects.bulk_create(
            JournalEntry(shop=order.shop, order=order, action="order.updated", by="bench", facts={"changed": ["note"]})
            for order in of_turn
        )
        now = timezone.now()
        Delivery.objects.bulk_create(
            Delivery(connection=line, entry=entry, order_id=entry.order_id, shop_id=entry.shop_id, due_at=now)
            for entry in made
            for line in lines
        )


if __name__ == "__main__":
    insert(int(sys.argv[1]), known_orders(int(sys.argv[2])))
