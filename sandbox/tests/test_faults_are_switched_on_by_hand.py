"""Lost, doubled and late webhooks, and an API that fails."""

from collections.abc import Iterator

import pytest

from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox


@pytest.fixture(autouse=True)
def repaired(shopify: Sandbox) -> Iterator[None]:
    yield
    shopify.post("/sandbox/faults.json", drop=0, double=0, reorder=0, graphql_status=None, throttle=False)


def test_dropped_webhooks_are_never_sent(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.post("/sandbox/faults.json", drop=1.0)
    lost = shopify.place()
    shopify.post("/sandbox/faults.json", drop=0)
    kept = shopify.place()
    assert [one.body["id"] for one in receiver.wait_for(1)] == [kept["id"]]
    assert shopify.get("/sandbox/deliveries.json", order=lost["id"])["deliveries"][0]["state"] == "lost"


def test_doubled_webhooks_come_twice_with_one_id(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.post("/sandbox/faults.json", double=1.0, seed=7)
    shopify.place()
    assert len({one.headers["x-shopify-webhook-id"] for one in receiver.wait_for(2)}) == 1


def test_late_webhooks_come_out_of_order(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.post("/sandbox/faults.json", reorder=0.5, seed=3)
    placed = [shopify.place()["id"] for _ in range(12)]
    came = [one.body["id"] for one in receiver.wait_for(12)]
    assert sorted(came) == sorted(placed)
    assert came != placed


def test_the_api_fails_when_told_to(shopify: Sandbox):
    shopify.post("/sandbox/faults.json", graphql_status=503)
    answer = shopify.session.post(f"{shopify.url}/admin/api/2026-10/graphql.json", json={}, timeout=10)
    assert answer.status_code == 503


def test_unknown_faults_are_refused(shopify: Sandbox):
    assert shopify.post("/sandbox/faults.json", explode=True).status_code == 422
    assert shopify.post("/sandbox/faults.json", drop="often").status_code == 422
    until(lambda: bool(shopify.place()))
