"""After the files: orders that they cannot hold whole are read, protection is looked at where there may be some."""

import time

from django.db import transaction

from backoffice import failpoints
from integrations.errors import GiveUp, Unreadable
from integrations.models import SyncRun, UnfinishedOrder
from integrations.shopify.arriving import Asked, apply_order, before_reading, origin_of
from integrations.shopify.client import Shopify
from integrations.shopify.reads import read_order
from orders.models import Order
from orders.snapshot import OrderSnapshot
from protection import coverage, resolutions

NOTED = 20  # failures that are kept with their reasons


def go_on(run: SyncRun, shopify: Shopify, deadline: float) -> int:
    """Finish orders until `deadline` (time.monotonic); returns how many are left. Raises RetryLater, GiveUp.

    One that is killed in the middle is done again, which is safe. One that cannot be read is counted and let go.
    """
    rows = UnfinishedOrder.objects.filter(connection=run.connection).select_related("order").order_by("id")
    while time.monotonic() < deadline and (row := rows.first()):
        snapshot: OrderSnapshot | None = None
        asked = before_reading(run.connection, row.order.remote_id)
        if row.should_read or row.awaits:
            try:
                snapshot = read_order(run.connection, row.order.remote_id, shopify)
            except (Unreadable, GiveUp) as error:
                if isinstance(error, GiveUp) and error.parked == "configuration":
                    raise
                _note(run, row.order, str(error))
            else:
                run.facts["read"] = run.facts.get("read", 0) + 1
                if snapshot is None:
                    _note(run, row.order, "Shopify does not show it.")
        _complete(run, row, snapshot, asked)
    return rows.count()


@transaction.atomic
def _complete(run: SyncRun, row: UnfinishedOrder, snapshot: OrderSnapshot | None, asked: Asked) -> None:
    """Nothing is done, and the order read again, when something else of it was written here while it was read."""
    if snapshot is not None and apply_order(run.connection, snapshot, asked=asked).what == "unclear":
        return
    origin = origin_of(run.connection)
    order = Order.objects.select_for_update().get(pk=row.order_id)
    # Not only when the read brought something: the file made this order, and nobody has looked at it yet.
    coverage.refresh(order, by=origin.by, source=origin.source)
    resolutions.recognise(order, by=origin.by, source=origin.source)
    row.delete()
    failpoints.reach("history.finishing")


def _note(run: SyncRun, order: Order, why: str) -> None:
    run.failed += 1
    failures = run.facts.setdefault("failures", [])
    if len(failures) < NOTED:
        failures.append({"order": order.remote_id, "why": why[:300]})
