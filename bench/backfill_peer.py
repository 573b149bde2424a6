"""What one would write first: the same file by Django's bulk_create(update_conflicts), 1,000 orders a transaction.

The translation is that of a read, the tables and the journal are the same; it relies on children that follow their
order at once. Prints what it took.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import transaction  # noqa: E402 after the settings

from integrations.history import reading  # noqa: E402
from integrations.shopify.nodes import orders as nodes  # noqa: E402
from orders.models import Customer, FulfillmentOrder, JournalEntry, LineItem, Order, Payment, Shop  # noqa: E402
from orders.parts import fulfillment_orders, head, lines, payments  # noqa: E402
from orders.snapshot import OrderSnapshot  # noqa: E402

A_TIME = 1_000
OURS = ("remote_id", "shop", "order", "public_id", "created_at")


def snapshots(path: Path) -> Iterator[OrderSnapshot]:
    """Every order of the file."""
    for whole in reading.orders(path):
        order = reading.parse(whole.line)
        children: dict[str, list[Any]] = {}
        for child in map(reading.parse, whole.children):
            children.setdefault(child["id"].split("/")[3], []).append(child)
        order["lineItems"] = {"nodes": children.get("LineItem", [])}
        order["shippingLines"] = {"nodes": children.get("ShippingLine", [])}
        parts = {"nodes": children.get("FulfillmentOrderLineItem", [])}
        work = [one | {"lineItems": parts} for one in children.get("FulfillmentOrder", [])]
        yield nodes.order(nodes.Whole(order, transactions=order["transactions"], fulfillment_orders=work))


@transaction.atomic
def insert(shop: Shop, chunk: list[OrderSnapshot]) -> None:
    """One batch."""
    buyers = {s.customer.remote_id: s.customer for s in chunk if s.customer}
    upsert(
        Customer,
        [
            Customer(shop=shop, remote_id=pk, email=c.email, phone=c.phone, first_name=c.first_name,
                     last_name=c.last_name, remote_updated_at=c.updated_at)
            for pk, c in buyers.items()
        ],
        "shop",
    )  # fmt: skip
    known = dict(Customer.objects.filter(shop=shop, remote_id__in=buyers).values_list("remote_id", "pk"))
    rows = [
        Order(shop=shop, remote_id=s.remote_id, customer_id=known.get(s.customer.remote_id) if s.customer else None,
              **head.order_values(s))
        for s in chunk
    ]  # fmt: skip
    upsert(Order, rows, "shop")
    of = dict(
        Order.objects.filter(shop=shop, remote_id__in=[s.remote_id for s in chunk]).values_list("remote_id", "pk")
    )
    upsert(LineItem, [LineItem(order_id=of[s.remote_id], remote_id=line.remote_id, **lines.line_values(line, place))
                      for s in chunk for place, line in enumerate(s.lines)], "order")  # fmt: skip
    upsert(Payment, [Payment(order_id=of[s.remote_id], remote_id=p.remote_id, **payments.payment_values(p))
                     for s in chunk for p in s.payments or []], "order")  # fmt: skip
    upsert(FulfillmentOrder, [
        FulfillmentOrder(order_id=of[s.remote_id], remote_id=f.remote_id,
                         **fulfillment_orders.fulfillment_order_values(f))
        for s in chunk for f in s.fulfillment_orders or []
    ], "order")  # fmt: skip
    JournalEntry.objects.bulk_create(
        JournalEntry(shop=shop, order_id=of[s.remote_id], action="order.imported", by="shopify",
                     facts={"name": s.name, "test": s.test}) for s in chunk
    )  # fmt: skip


def upsert(model: Any, rows: list[Any], owner: str) -> None:
    """bulk_create(update_conflicts) on (owner, remote_id)."""
    written = (f for f in model._meta.concrete_fields if not (f.primary_key or f.generated))
    fields = [f.name for f in written if f.name not in OURS]
    model.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=[owner, "remote_id"], update_fields=fields, batch_size=A_TIME
    )


if __name__ == "__main__":
    shop, every = Shop.objects.get(domain=sys.argv[1]), snapshots(Path(sys.argv[2]))
    count, began = 0, time.perf_counter()
    while chunk := list(islice(every, A_TIME)):
        insert(shop, chunk)
        count += len(chunk)
    print(json.dumps({"orders": count, "seconds": time.perf_counter() - began}))
