"""Risk, disputes, customers that change, merge or go, products and the shop: buttons, webhooks, GraphQL."""

from typing import Any

import pytest

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

RISK = "query($id: ID!) { order(id: $id) { risk { recommendation assessments { riskLevel } } } }"
DISPUTE = """query($id: ID!) { dispute(id: $id) { status type amount { amount currencyCode } finalizedOn order { id }
  reasonDetails { reason networkReasonCode } } }"""
SUMMARY = "query($id: ID!) { order(id: $id) { disputes { id status initiatedAs } } }"
PAGE = """query($after: String) { disputes(first: 2, after: $after) { nodes { id }
  pageInfo { hasNextPage endCursor } } }"""
WHOSE = """query($id: ID!) { order(id: $id) { customer { id displayName defaultEmailAddress { emailAddress }
  numberOfOrders } } }"""


def call(shopify: Sandbox, document: str, **variables: Any) -> Any:
    answer = shopify.ask(document, **variables)
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


def customers(shopify: Sandbox) -> list[dict[str, Any]]:
    return list(shopify.get("/sandbox/customers.json")["customers"])


def test_risk_is_set_and_told(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("ORDERS_RISK_ASSESSMENT_CHANGED", receiver.url)
    order = shopify.place()
    assert call(shopify, RISK, id=order["admin_graphql_api_id"])["risk"]["recommendation"] == "ACCEPT"
    shopify.press(order["id"], "risk", level="high")
    risk = call(shopify, RISK, id=order["admin_graphql_api_id"])["risk"]
    assert risk == {"recommendation": "CANCEL", "assessments": [{"riskLevel": "HIGH"}]}
    told = receiver.wait_for(1)[0].body
    assert (told["risk_level"], told["order_id"]) == ("high", order["id"])
    assert shopify.post(f"/sandbox/orders/{order['id']}/risk.json", level="odd").status_code == 422


def test_a_dispute_is_opened_and_decided(shopify: Sandbox, receiver: Receiver):
    for topic in ("DISPUTES_CREATE", "DISPUTES_UPDATE"):
        shopify.subscribe(topic, receiver.url)
    order = shopify.place(presentment_currency="EUR")
    opened = shopify.press(order["id"], "dispute")["dispute"]
    gid = f"gid://shopify/ShopifyPaymentsDispute/{opened['id']}"
    assert receiver.wait_for(1, "disputes/create")[0].body == opened
    assert opened["currency"] == "EUR"
    shopify.press(order["id"], "dispute", status="under_review")
    receiver.wait_for(1, "disputes/update")
    lost = shopify.press(order["id"], "dispute", status="lost")["dispute"]
    assert lost["id"] == opened["id"]
    assert [one.body["status"] for one in receiver.wait_for(2, "disputes/update")] == ["under_review", "lost"]
    shown = call(shopify, DISPUTE, id=gid)
    assert (shown["status"], shown["order"]["id"]) == ("LOST", order["admin_graphql_api_id"])
    assert shown["finalizedOn"]
    assert call(shopify, SUMMARY, id=order["admin_graphql_api_id"])["disputes"] == [
        {"id": gid, "status": "LOST", "initiatedAs": "CHARGEBACK"}
    ]
    assert shopify.post(f"/sandbox/orders/{order['id']}/dispute.json", status="won").status_code == 422


def test_disputes_page_by_cursor(shopify: Sandbox):
    for _ in range(3):
        shopify.press(shopify.place()["id"], "dispute", type="inquiry")
    first = call(shopify, PAGE)
    then = call(shopify, PAGE, after=first["pageInfo"]["endCursor"])
    assert len(first["nodes"]) == 2
    assert not {one["id"] for one in first["nodes"]} & {one["id"] for one in then["nodes"]}


def test_a_customer_changes_on_their_orders_too(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("CUSTOMERS_UPDATE", receiver.url)
    order = shopify.place()
    before = call(shopify, WHOSE, id=order["admin_graphql_api_id"])["customer"]
    number = before["id"].rsplit("/")[-1]
    shopify.post(f"/sandbox/customers/{number}/change.json", email="new@example.com", first_name="Nova")
    after = call(shopify, WHOSE, id=order["admin_graphql_api_id"])["customer"]
    assert after["defaultEmailAddress"] == {"emailAddress": "new@example.com"}
    body = shopify.get(f"/sandbox/orders/{order['id']}.json")["order"]
    assert (body["customer"]["email"], body["customer"]["first_name"]) == ("new@example.com", "Nova")
    assert "new@example.com" in [one.body["email"] for one in receiver.wait_for(1)]


def test_an_email_address_belongs_to_one_customer(shopify: Sandbox):
    one, other = customers(shopify)[:2]
    taken = shopify.post(f"/sandbox/customers/{one['id']}/change.json", email=other["email"])
    assert (taken.status_code, taken.json()["errors"]) == (422, "Email has already been taken")


def test_two_customers_become_one(shopify: Sandbox, receiver: Receiver):
    shopify.subscribe("CUSTOMERS_MERGE", receiver.url)
    order = shopify.place()
    other = int(call(shopify, WHOSE, id=order["admin_graphql_api_id"])["customer"]["id"].rsplit("/")[-1])
    kept = next(one for one in customers(shopify) if one["id"] != other)
    assert shopify.post(f"/sandbox/customers/{kept['id']}/merge.json", other=other).status_code == 200
    owner = call(shopify, WHOSE, id=order["admin_graphql_api_id"])["customer"]
    assert owner["id"] == f"gid://shopify/Customer/{kept['id']}"
    told = receiver.wait_for(1)[0].body
    assert told["admin_graphql_api_customer_kept_id"] == owner["id"]
    assert told["admin_graphql_api_customer_deleted_id"] == f"gid://shopify/Customer/{other}"
    assert told["status"] == "completed"
    assert other not in [one["id"] for one in customers(shopify)]
    assert shopify.place()["id"]


def test_only_a_customer_without_orders_is_deleted(shopify: Sandbox, receiver: Receiver, start: Any):
    fresh = start()
    fresh.subscribe("CUSTOMERS_DELETE", receiver.url)
    buyer = int(call(fresh, WHOSE, id=fresh.place()["admin_graphql_api_id"])["customer"]["id"].rsplit("/")[-1])
    assert fresh.post(f"/sandbox/customers/{buyer}/delete.json").status_code == 422
    for one in customers(fresh):
        if one["id"] != buyer:
            assert fresh.post(f"/sandbox/customers/{one['id']}/delete.json").status_code == 200
    told = receiver.wait_for(5)[-1].body
    assert "email" not in told
    assert [one["id"] for one in customers(fresh)] == [buyer]
    assert fresh.place()["id"]


@pytest.mark.parametrize(
    "event, topic",
    [
        ("update", "products/update"),
        ("in_stock", "variants/in_stock"),
        ("out_of_stock", "variants/out_of_stock"),
    ],
)
def test_products_are_told_about(shopify: Sandbox, receiver: Receiver, event: str, topic: str):
    shopify.subscribe(topic.upper().replace("/", "_"), receiver.url)
    shopify.post("/sandbox/products.json", sku="FW-MUG", event=event)
    body = receiver.wait_for(1, topic)[0].body
    assert (body.get("variants") or [body])[0]["sku"] == "FW-MUG"


def test_a_shop_may_change_its_currency(receiver: Receiver, start: Any):
    fresh = start()
    fresh.subscribe("SHOP_UPDATE", receiver.url)
    fresh.post("/sandbox/shop.json", currency="EUR")
    assert receiver.wait_for(1)[0].body["currency"] == "EUR"
    assert call(fresh, "{ shop { currencyCode } }") == {"currencyCode": "EUR"}
    body = fresh.get(f"/sandbox/orders/{fresh.place()['id']}.json")["order"]
    assert body["currency"] == "EUR"


@pytest.mark.parametrize(
    "path, fields",
    [
        ("customers/{customer}/change", {"email": 5}),
        ("customers/{customer}/change", {"tags": [1]}),
        ("customers/{customer}/change", {}),
        ("customers/{customer}/merge", {"other": "x"}),
        ("customers/1/delete", {}),
        ("products", {"sku": "FW-NONE"}),
        ("products", {"sku": "FW-MUG", "event": "explode"}),
        ("shop", {"currency": "shells"}),
        ("orders/{order}/risk", {"level": 3}),
        ("orders/{order}/dispute", {"amount": "1e400"}),
        ("orders/{order}/refund", {"amount": "1e400"}),
        ("orders/{order}/refund", {"amount": "-1"}),
        ("orders/{order}/refund", {"status": "lost"}),
        ("orders/{order}/return", {"reason": 99}),
        ("orders/{order}/return", {"lines": [{"line_id": 1}]}),
        ("orders/{order}/settle", {"status": "maybe"}),
        ("faults", {"refund_status": "maybe"}),
    ],
)
def test_nonsense_is_answered_with_what_is_wrong(shopify: Sandbox, path: str, fields: dict[str, Any]):
    known = {"customer": customers(shopify)[0]["id"], "order": shopify.place()["id"]}
    refused = shopify.post(f"/sandbox/{path.format(**known)}.json", **fields)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"]
