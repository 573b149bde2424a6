"""What tests of changes share: an order of the local Shopify that we know, and sending what waits for it."""

from typing import Any

from django.utils import timezone

from integrations import calls
from integrations.models import Connection, Delivery, Health
from integrations.shopify.arriving import apply_order
from integrations.shopify.reads import read_order
from orders.models import Change, Order
from sandbox.tests.running import Sandbox


def arrived(sandbox: Sandbox, shopify: Connection, **cart: Any) -> Order:
    """A new order at the shop, as we know it."""
    return home(shopify, sandbox.place(**cart)["id"])


def home(shopify: Connection, remote_id: int) -> Order:
    """The order as the shop has it now, let in."""
    snapshot = read_order(shopify, remote_id)
    assert snapshot is not None
    return apply_order(shopify, snapshot).order


def sent(shopify: Connection, change: Change | None = None, tries: int = 1) -> Change | None:
    """Send what waits, each of `tries` times at once; returns `change` as it is then."""
    for _ in range(tries):
        Delivery.objects.filter(connection=shopify, state="retrying").update(due_at=timezone.now())
        Health.objects.filter(connection=shopify).update(open_until=None)
        calls.drain(shopify.pk)
    if change is not None:
        change.refresh_from_db()
    return change


def told(order: Order, prefix: str = "change.") -> list[str]:
    """Actions of the order's journal, oldest first."""
    return list(order.journal.filter(action__startswith=prefix).order_by("id").values_list("action", flat=True))


def outcome(change: Change) -> str:
    """What came of the last delivery of a change."""
    delivery = Delivery.objects.filter(entry__subject=change.public_id).latest("id")
    return f"{delivery.state}: {delivery.result}"
