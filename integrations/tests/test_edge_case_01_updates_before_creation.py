"""Edge case 1: orders/updated before orders/create, or both at once. Every message says: this order changed."""

import threading
from dataclasses import replace

import pytest
from django.db import connections

from integrations.shopify.arriving import apply_order, before_reading
from integrations.shopify.reads import read_order
from integrations.tests.arrivals import receive
from integrations.tests.shopify import connect, order_body
from orders.intake import Origin, apply_snapshot
from orders.models import Order
from orders.tests.builders import make_shop, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(own_shop):
    return own_shop


def test_the_creation_that_comes_last_changes_nothing():
    shop, body = connect(), order_body(note="as it was made")
    later = {**body, "note": "as it is", "updated_at": "2026-11-20T13:00:00-05:00"}
    assert receive(shop, "orders/updated", later).result == "created"
    assert receive(shop, "orders/create", body).result == "older than what we have"
    assert Order.objects.get().note == "as it is"


@pytest.mark.django_db(transaction=True)
def test_both_at_once_make_one_order():
    shop, seen = make_shop(), snapshot()
    whats: list[str] = []
    start = threading.Barrier(4)

    def apply() -> None:
        start.wait()
        whats.append(apply_snapshot(shop, seen, Origin(by="shopify"), is_read=False).what)
        connections.close_all()

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(whats) == ["created", "unchanged", "unchanged", "unchanged"]
    assert Order.objects.count() == 1


def test_what_was_read_before_something_newer_was_written_does_not_win(sandbox, shopify):
    """Both states bear one second, as Shopify shows it; no lock is held while the shop is asked."""
    placed = sandbox.place()["id"]
    first = read_order(shopify, placed)
    assert first is not None
    apply_order(shopify, first)
    asked = before_reading(shopify, placed)
    sandbox.press(placed, "note", note="Ring twice")
    newest = read_order(shopify, placed)
    assert newest is not None
    slow = replace(newest, note="read before")
    assert apply_order(shopify, newest, asked=asked).what == "changed"
    assert apply_order(shopify, slow, asked=asked).what == "unclear"
    assert Order.objects.get().note == "Ring twice"
