"""Several shops in one stand-in: each sees its own orders only, signs with its own secret."""

import base64
import hashlib
import hmac

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

READ = (
    "query($id: ID!) { order(id: $id) { id } shop { myshopifyDomain currencyCode } orders(first: 9) { nodes { id } } }"
)


def test_a_second_shop_has_its_own_token_secret_and_orders(shopify: Sandbox, receiver: Receiver):
    added = shopify.post("/sandbox/shops.json", domain="b.myshopify.com", token="tb", secret="sb", currency="EUR")
    assert added.status_code == 201
    create = (
        "mutation($uri: String!) { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: {uri: $uri})"
        " { userErrors { message } } }"
    )
    shopify.ask(create, token="tb", uri=receiver.url)
    mine = shopify.place()
    theirs = shopify.place(shop="b.myshopify.com")
    assert theirs["name"] == "#1001"
    webhook = receiver.wait_for(1)[0]
    assert webhook.headers["x-shopify-shop-domain"] == "b.myshopify.com"
    assert webhook.body["currency"] == "EUR"
    digest = hmac.new(b"sb", webhook.raw, hashlib.sha256).digest()
    assert webhook.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()

    seen = shopify.ask(READ, token="tb", id=mine["admin_graphql_api_id"])["data"]
    assert seen["order"] is None
    assert [one["id"] for one in seen["orders"]["nodes"]] == [theirs["admin_graphql_api_id"]]
    assert seen["shop"] == {"myshopifyDomain": "b.myshopify.com", "currencyCode": "EUR"}


def test_credentials_can_be_changed(shopify: Sandbox):
    for token in ("first", "second"):
        shopify.post("/sandbox/shops.json", domain="c.myshopify.com", token=token, secret="s", currency="USD")
    question = "query { shop { myshopifyDomain } }"
    assert "errors" in shopify.ask(question, token="first")
    assert shopify.ask(question, token="second")["data"]["shop"]["myshopifyDomain"] == "c.myshopify.com"


def test_nothing_of_another_shop_is_changed(shopify: Sandbox):
    shopify.post("/sandbox/shops.json", domain="d.myshopify.com", token="td", secret="sd", currency="USD")
    order = shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}])
    gid, customer = order["admin_graphql_api_id"], shopify.get("/sandbox/customers.json")["customers"][0]
    shopify.press(order["id"], "fulfil")
    made = shopify.press(order["id"], "return")["return"]["admin_graphql_api_id"]
    before = shopify.get(f"/sandbox/orders/{order['id']}.json")
    money = {"orderId": gid, "transactions": []}
    credit = {"creditAmount": {"amount": "1", "currencyCode": "USD"}}
    field = {"ownerId": gid, "namespace": "x", "key": "yy", "type": "boolean", "value": "true"}
    for mutation, variables in (
        ('refundCreate(input: $a) @idempotent(key: "k")', {"$a: RefundInput!": money}),
        ("orderMarkAsPaid(input: $a)", {"$a: OrderMarkAsPaidInput!": {"id": gid}}),
        ("orderEditBegin(id: $a)", {"$a: ID!": gid}),
        ("returnClose(id: $a)", {"$a: ID!": made}),
        ("returnCreate(returnInput: $a)", {"$a: ReturnInput!": {"orderId": gid, "returnLineItems": []}}),
        ("storeCreditAccountCredit(id: $b, creditInput: $a)", {
            "$a: StoreCreditAccountCreditInput!": credit, "$b: ID!": customer["admin_graphql_api_id"],
        }),
        ('tagsAdd(id: $a, tags: ["x"])', {"$a: ID!": gid}),
        ("metafieldsSet(metafields: [$a])", {"$a: MetafieldsSetInput!": field}),
    ):  # fmt: skip
        values = {name[1]: value for name, value in variables.items()}
        text = f"mutation({', '.join(variables)}) {{ {mutation} {{ userErrors {{ message }} }} }}"
        answer = shopify.ask(text, token="td", **values)
        assert "errors" not in answer, (mutation, answer)
        assert next(iter(answer["data"].values()))["userErrors"], mutation
    read = "query($a: ID!) { return(id: $a) { id } }"
    assert shopify.ask(read, token="td", a=made)["data"]["return"] is None
    assert shopify.get(f"/sandbox/orders/{order['id']}.json") == before
