"""Lost, doubled and late webhooks, and an API that fails."""

import time
from collections.abc import Callable, Iterator

import pytest

from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox
from sandbox.tests.test_the_client_secret_is_rotated import signed_with


@pytest.fixture(autouse=True)
def repaired(shopify: Sandbox) -> Iterator[None]:
    yield
    shopify.post("/sandbox/faults.json", reset=True)


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


def test_a_share_of_the_requests_fails_the_same_ones_for_a_seed(shopify: Sandbox):
    def answers() -> list[bool]:
        shopify.post("/sandbox/faults.json", graphql_fail=0.5, seed=11)
        url, headers = f"{shopify.url}/admin/api/2026-10/graphql.json", {"X-Shopify-Access-Token": shopify.token}
        sent = [
            shopify.session.post(url, json={"query": "{ shop { id } }"}, headers=headers, timeout=10) for _ in range(12)
        ]
        assert {one.status_code for one in sent} == {200, 503}
        return [one.status_code == 200 for one in sent]

    assert answers() == answers()


def test_the_api_can_be_slow(shopify: Sandbox):
    shopify.post("/sandbox/faults.json", slow=0.2)
    began = time.monotonic()
    shopify.ask("{ shop { id } }")
    assert time.monotonic() - began >= 0.2


def test_delayed_webhooks_come_later_on_the_compressed_clock(start: Callable[..., Sandbox], receiver: Receiver):
    shopify = start(speed=3_600)
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.post("/sandbox/faults.json", delay=1.0)  # an hour, which is a second here
    late = shopify.place()
    shopify.post("/sandbox/faults.json", reset=True)
    early = shopify.place()
    assert [one.body["id"] for one in receiver.wait_for(2)] == [early["id"], late["id"]]


def test_forged_deliveries_come_beside_the_true_ones(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_CREATE", receiver.url)
    shopify.post("/sandbox/faults.json", forge=1.0, seed=1)
    shopify.post("/sandbox/orders.json", count=8)
    came = receiver.wait_for(16)
    foreign = [one for one in came if one.headers["x-shopify-shop-domain"] != shopify.shop]
    true = [one for one in came if one not in foreign and signed_with(one, shopify.secret)]
    assert len(true) == 8
    assert foreign
    assert all(signed_with(one, shopify.secret) for one in foreign)
    assert any(not signed_with(one, shopify.secret) for one in came)
    assert len({one.headers["x-shopify-webhook-id"] for one in came}) == 16
    until(lambda: len(shopify.get("/sandbox/deliveries.json", state="forged")["deliveries"]) >= 8)


def test_the_page_says_what_is_switched_on_and_its_button_ends_it(shopify: Sandbox):
    shopify.session.post(f"{shopify.url}/sandbox/faults.json", data={"drop": "0.3"}, timeout=10)
    shopify.session.post(f"{shopify.url}/sandbox/faults.json", data={"throttle": "true"}, timeout=10)
    assert "drop 0.3, throttle True" in shopify.session.get(f"{shopify.url}/", timeout=10).text
    shopify.session.post(f"{shopify.url}/sandbox/faults.json", data={"reset": "true"}, timeout=10)
    assert "Faults are switched on" not in shopify.session.get(f"{shopify.url}/", timeout=10).text


def test_unknown_faults_are_refused(shopify: Sandbox):
    assert shopify.post("/sandbox/faults.json", explode=True).status_code == 422
    assert shopify.post("/sandbox/faults.json", drop="often").status_code == 422
    assert shopify.post("/sandbox/faults.json", drop=1.5).status_code == 422
    assert shopify.post("/sandbox/faults.json", graphql_status=200).status_code == 422
    until(lambda: bool(shopify.place()))
