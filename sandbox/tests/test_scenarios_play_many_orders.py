"""Thousands of orders and what becomes of them, by a seed; a checker can walk them all afterwards."""

from typing import Any

import pytest

from sandbox.tests import bulk
from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox, another_shop

ALL_THAT_HAPPENS = {
    "edits": 0.2, "cancels": 0.1, "refunds": 0.1, "fulfilments": 0.6, "address_changes": 0.2,
}  # fmt: skip


def played(shopify: Sandbox, **wanted: Any) -> dict[str, Any]:
    """Play a scenario in this shop to its end; returns the last progress."""
    began = shopify.post("/sandbox/scenario.json", shop=shopify.shop, **wanted)
    assert began.status_code == 202, began.text
    until(lambda: shopify.get("/sandbox/scenario.json")["state"] != "running", seconds=60)
    return dict(shopify.get("/sandbox/scenario.json"))


def walked(shopify: Sandbox, limit: int = 37) -> list[dict[str, Any]]:
    """All orders of this shop, page by page."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = shopify.get("/sandbox/orders.json", after=after, limit=limit, shop=shopify.shop)
        found += page["orders"]
        after = page["next"]
    return found


def test_all_that_was_asked_for_happens_and_is_announced(own_shop: Sandbox, receiver: Receiver):
    for topic in ("ORDERS_CREATE", "ORDERS_CANCELLED", "FULFILLMENTS_CREATE", "REFUNDS_CREATE", "ORDERS_EDITED"):
        own_shop.subscribe(topic, receiver.url)
    done = played(own_shop, orders=100, seed=5, **ALL_THAT_HAPPENS)
    assert (done["state"], done["orders"]) == ("done", 100), done
    assert all(done[kind] > 0 for kind in ALL_THAT_HAPPENS), done
    receiver.wait_for(100, "orders/create")
    receiver.wait_for(done["cancels"], "orders/cancelled")
    receiver.wait_for(done["edits"], "orders/edited")
    assert len(walked(own_shop)) == 100


def test_a_seed_makes_the_same_orders_again(shopify: Sandbox):
    def outcome(shop: Sandbox) -> tuple[Any, ...]:
        done = played(shop, orders=60, seed=9, **ALL_THAT_HAPPENS)
        bodies = [shop.get(f"/sandbox/orders/{one['id']}.json")["order"] for one in walked(shop)]
        shown = sorted(
            (one["name"], one["total_price"], one["email"], one["cancel_reason"], one["fulfillment_status"],
             len(one["line_items"]), len(one["refunds"]), one["shipping_address"]["address1"])
            for one in bodies
        )  # fmt: skip
        return {**done, "seconds": 0}, shown

    assert outcome(another_shop(shopify)) == outcome(another_shop(shopify))


def test_a_run_can_be_slowed_and_stopped(shopify: Sandbox):
    shopify.post("/sandbox/scenario.json", orders=1_000, per_second=20)
    assert shopify.post("/sandbox/scenario.json", orders=1).status_code == 422
    until(lambda: shopify.get("/sandbox/scenario.json")["orders"] >= 2)
    stopped = shopify.post("/sandbox/scenario.json", stop=True).json()
    assert (stopped["state"], stopped["orders"] < 500) == ("stopped", True)


@pytest.mark.parametrize(
    "wanted",
    [{}, {"orders": 0}, {"orders": 5, "edits": 2}, {"orders": 5, "per_second": "fast"}, {"orders": 5, "lines": 0}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(shopify: Sandbox, wanted: dict[str, Any]):
    assert shopify.post("/sandbox/scenario.json", **wanted).status_code == 422


def test_history_is_written_without_webhooks_and_is_whole(own_shop: Sandbox, receiver: Receiver):
    own_shop.subscribe("ORDERS_CREATE", receiver.url)
    done = played(own_shop, orders=600, lines=3, quiet=True)
    assert (done["state"], done["orders"]) == ("done", 600), done
    orders = walked(own_shop, limit=250)
    assert len({one["id"] for one in orders}) == len({one["name"] for one in orders}) == 600
    sent = own_shop.get("/sandbox/deliveries.json", limit=10_000)["deliveries"]
    assert [one for one in sent if one["shop"] == own_shop.shop] == []
    query = "{ orders { edges { node { id name createdAt lineItems { edges { node { id } } }"
    query += " fulfillmentOrders { edges { node { id status } } } } } } }"
    lines = bulk.lines(bulk.run(own_shop, query)["url"])
    assert len({line["id"] for line in lines}) == len(lines)
    created = [line["createdAt"] for line in lines if "createdAt" in line]
    assert created == sorted(created)
    assert created[0][:10] < created[-1][:10]
    assert {line["__parentId"] for line in lines if "status" in line} == {
        line["id"] for line in lines if "name" in line
    }
    assert sum("__parentId" in line and "status" not in line for line in lines) >= 1_800


def test_what_is_in_history_goes_on_like_any_order(own_shop: Sandbox):
    played(own_shop, orders=20, quiet=True, fulfilments=0.0)
    order = walked(own_shop)[7]
    assert own_shop.press(order["id"], "fulfil")
    refunded = own_shop.press(order["id"], "refund")
    body = own_shop.get(f"/sandbox/orders/{order['id']}.json")["order"]
    assert (body["fulfillment_status"], body["refunds"][0]["id"]) == ("fulfilled", refunded["refund"]["id"])
    assert body["name"] == order["name"]


def test_a_strange_place_to_begin_is_the_beginning(shopify: Sandbox):
    shopify.place()
    first = shopify.get("/sandbox/orders.json", after="0", limit=1)["orders"]
    for after in ("x", "²", "9" * 30, "-1"):
        assert shopify.get("/sandbox/orders.json", after=after, limit=1)["orders"] == first
