"""A bulk query runs in the background; its result has a line for each node, children far from their parents."""

from collections.abc import Callable, Iterator

import pytest
import requests

from sandbox.installations import SCOPES
from sandbox.tests import bulk
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

WHOLE = (
    "query { orders(query: \"created_at:>='2020-01-01'\") { edges { node { __typename id legacyResourceId email"
    " totalPriceSet { shopMoney { amount } } fulfillments { id status trackingInfo { number } }"
    " transactions { id kind } refunds { id } shippingLines { edges { node { id title } } }"
    " lineItems { edges { node { ...L } } } } } } } fragment L on LineItem { id unit: quantity product { title } }"
)


@pytest.fixture(autouse=True)
def repaired(shopify: Sandbox) -> Iterator[None]:
    yield
    shopify.post("/sandbox/faults.json", reset=True)
    shopify.post("/sandbox/scopes.json", grant=list(SCOPES))


def test_orders_come_with_their_lines(shopify: Sandbox):
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}, {"sku": "FW-LAMP"}])
    shopify.press(order["id"], "fulfil")
    shopify.press(order["id"], "refund")
    done = bulk.run(shopify, WHOLE)
    assert (done["status"], done["type"], done["errorCode"], done["query"]) == ("COMPLETED", "QUERY", None, WHOLE)
    found = bulk.lines(done["url"])
    own = next(line for line in found if line["id"] == order["admin_graphql_api_id"])
    assert own["__typename"] == "Order"
    assert own["fulfillments"][0]["trackingInfo"][0]["number"].startswith("1Z")
    assert [one["kind"] for one in own["transactions"]] == ["SALE", "REFUND"]
    assert "lineItems" not in own
    children = [line for line in found if line.get("__parentId") == own["id"]]
    assert sorted(child["unit"] for child in children if "unit" in child) == [1, 2]
    assert [child["title"] for child in children if "title" in child] == ["Standard"]
    assert done["objectCount"] == str(len(found))
    assert done["rootObjectCount"] == str(sum("__parentId" not in line for line in found))


def test_the_file_is_as_large_as_said_and_escapes_slashes(shopify: Sandbox):
    shopify.place()
    done = bulk.run(shopify, bulk.ORDERS)
    raw = requests.get(done["url"], timeout=10).content
    assert str(len(raw)) == done["fileSize"]
    assert rb'"gid:\/\/shopify\/Order\/' in raw
    assert b"gid://" not in raw


def test_children_come_far_from_their_parents_unless_grouped(shopify: Sandbox):
    shopify.post("/sandbox/orders.json", count=5)
    apart = bulk.lines(bulk.run(shopify, bulk.ORDERS)["url"])
    kinds = ["__parentId" in line for line in apart]
    assert kinds == sorted(kinds)
    grouped = bulk.lines(bulk.run(shopify, bulk.ORDERS, grouped=True)["url"])
    last = ""
    for line in grouped:
        last = line["id"] if "__parentId" not in line else last
        assert line.get("__parentId", last) == last
    assert sorted(line["id"] for line in apart) == sorted(line["id"] for line in grouped)


def test_more_orders_than_a_page_are_read(shopify: Sandbox):
    shopify.post("/sandbox/orders.json", count=300)
    done = bulk.run(shopify, "{ orders(first: 1) { edges { node { id } } } }")
    assert int(done["rootObjectCount"]) == shopify.ask("{ ordersCount { count } }")["data"]["ordersCount"]["count"]
    assert len({line["id"] for line in bulk.lines(done["url"])}) == int(done["rootObjectCount"]) > 300


def test_nothing_found_has_no_result(shopify: Sandbox):
    done = bulk.run(shopify, '{ orders(query: "name:nobody") { edges { node { id } } } }')
    assert (done["status"], done["objectCount"], done["url"], done["fileSize"]) == ("COMPLETED", "0", None, None)


def test_it_is_created_then_running_then_completed(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("BULK_OPERATIONS_FINISH", receiver.url)
    shopify.post("/sandbox/faults.json", bulk_seconds=3_000)  # half a second of this clock
    gid = bulk.ask(shopify, bulk.ORDERS)["bulkOperation"]["id"]
    seen: list[str] = []
    while not seen or seen[-1] != "COMPLETED":
        status = bulk.status(shopify, gid)["status"]
        seen += [status] if status not in seen else []
    assert seen == ["CREATED", "RUNNING", "COMPLETED"]
    body = receiver.wait_for(1)[0].body
    assert (body["admin_graphql_api_id"], body["status"], body["type"]) == (gid, "completed", "query")
    assert body["completed_at"].endswith("-05:00")


def test_an_operation_is_cancelled_once(shopify: Sandbox):
    shopify.post("/sandbox/faults.json", bulk_seconds=6_000_000)
    gid = bulk.ask(shopify, bulk.ORDERS)["bulkOperation"]["id"]
    cancel = (
        "mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { field message } } }"
    )
    payload = shopify.ask(cancel, id=gid)["data"]["bulkOperationCancel"]
    assert (payload["bulkOperation"]["status"], payload["userErrors"]) == ("CANCELING", [])
    done = bulk.finished(shopify, gid)
    assert (done["status"], done["url"]) == ("CANCELED", None)
    again = shopify.ask(cancel, id=gid)["data"]["bulkOperationCancel"]
    assert "canceled" in again["userErrors"][0]["message"]
    unknown = shopify.ask(cancel, id="gid://shopify/BulkOperation/1")["data"]["bulkOperationCancel"]
    assert unknown["userErrors"][0]["field"] == ["id"]


def test_a_sixth_run_is_refused(shopify: Sandbox):
    shopify.post("/sandbox/faults.json", bulk_seconds=3_000)
    gids = [bulk.ask(shopify, bulk.ORDERS)["bulkOperation"]["id"] for _ in range(5)]
    refused = bulk.ask(shopify, bulk.ORDERS)
    assert refused["bulkOperation"] is None
    error = refused["userErrors"][0]
    assert (error["field"], error["code"]) == (None, "OPERATION_IN_PROGRESS")
    assert all(gid in error["message"] for gid in gids)
    listed = shopify.ask("{ bulkOperations(first: 5, reverse: true) { nodes { id } } }")["data"]["bulkOperations"]
    assert {one["id"] for one in listed["nodes"]} == set(gids)
    assert all(bulk.finished(shopify, gid)["status"] == "COMPLETED" for gid in gids)


def test_a_failed_run_leaves_what_it_had(shopify: Sandbox):
    shopify.post("/sandbox/orders.json", count=8)
    shopify.post("/sandbox/faults.json", bulk_fail_at=3)
    done = bulk.run(shopify, bulk.ORDERS)
    assert (done["status"], done["errorCode"], done["url"]) == ("FAILED", "INTERNAL_SERVER_ERROR", None)
    assert (done["rootObjectCount"], done["completedAt"]) == ("3", None)
    assert sum("__parentId" not in line for line in bulk.lines(done["partialDataUrl"])) == 3


def test_a_denied_field_fails_the_run(shopify: Sandbox):
    shopify.place()
    shopify.post("/sandbox/scopes.json", revoke="read_customers, write_customers")
    done = bulk.run(shopify, "{ orders { edges { node { id customer { id } } } } }")
    assert (done["status"], done["errorCode"]) == ("FAILED", "ACCESS_DENIED")


def test_a_result_can_be_read_in_ranges(shopify: Sandbox):
    shopify.place()
    url = bulk.run(shopify, bulk.ORDERS)["url"]
    whole = requests.get(url, timeout=10)
    assert whole.headers["Accept-Ranges"] == "bytes"
    size = len(whole.content)
    for asked, part in (("bytes=0-9", whole.content[:10]), ("bytes=10-", whole.content[10:]),
                        ("bytes=-5", whole.content[-5:])):  # fmt: skip
        answer = requests.get(url, headers={"Range": asked}, timeout=10)
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["Content-Range"].endswith(f"/{size}")
    beyond = requests.get(url, headers={"Range": f"bytes={size}-"}, timeout=10)
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    for unknown in (1, 10**30):
        assert requests.get(f"{shopify.url}/sandbox/bulk/{unknown}.jsonl", timeout=10).status_code == 404


def test_a_result_that_is_cut_off_can_be_read_on(shopify: Sandbox):
    shopify.place()
    url = bulk.run(shopify, bulk.ORDERS)["url"]
    whole = requests.get(url, timeout=10).content
    shopify.post("/sandbox/faults.json", bulk_cut_at=200)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url, timeout=10)
    read = b""
    while len(read) < len(whole):
        answer = requests.get(url, headers={"Range": f"bytes={len(read)}-"}, timeout=10, stream=True)
        read += answer.raw.read(200)
    assert read == whole


def test_another_shops_operation_is_not_shown(shopify: Sandbox):
    shopify.post("/sandbox/shops.json", domain="third.myshopify.com", token="shpat_third", secret="s")
    gid = bulk.run(shopify, bulk.ORDERS)["id"]
    assert shopify.ask(bulk.STATUS, token="shpat_third", id=gid)["data"]["bulkOperation"] is None


def test_an_interrupted_run_begins_again(start: Callable[..., Sandbox]):
    shopify = start()
    shopify.place()
    shopify.post("/sandbox/faults.json", bulk_seconds=60)
    gid = bulk.ask(shopify, bulk.ORDERS)["bulkOperation"]["id"]
    shopify.kill()
    again = start()
    assert bulk.finished(again, gid)["status"] == "COMPLETED"
