"""Shopify's own Python library takes the stand-in for a shop: it reads orders, and believes its signatures.

The library was written by others against the real Shopify, so it notices what our own client might share as an error.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.tests.running import Sandbox
from sandbox.tests.test_apps_get_tokens_by_oauth import authorize, grant, session_token

shopify_api = pytest.importorskip("shopify")
session_tokens = pytest.importorskip("shopify.session_token")

ORDERS = (
    'query Orders($first: Int!, $after: String) { orders(first: $first, after: $after, query: "status:open") {'
    " pageInfo { hasNextPage endCursor } nodes { id name totalPriceSet { shopMoney { amount currencyCode } }"
    " lineItems(first: 10) { nodes { sku quantity } } } } }"
)


@pytest.fixture
def session(shopify: Sandbox) -> Iterator[Any]:
    """A session of the library. It makes ``<shop>.<domain>:<port>`` of what it is told, and so an address here."""
    library = shopify_api.Session
    before = {name: getattr(library, name) for name in ("protocol", "myshopify_domain", "port", "api_key", "secret")}
    port = urlsplit(shopify.url).port
    library.setup(protocol="http", myshopify_domain="0.0.1", port=port, api_key="demo-client-id", secret=shopify.secret)
    token = grant(shopify, grant_type="client_credentials").json()["access_token"]
    session = library("127.0.0.1", "2026-10", token)
    shopify_api.ShopifyResource.activate_session(session)
    yield session
    shopify_api.ShopifyResource.clear_session()
    library.setup(**before)


def test_it_reads_all_orders_by_graphql(shopify: Sandbox, session: Any):
    placed = [shopify.place(lines=[{"sku": "FW-MUG", "quantity": 2}]) for _ in range(5)]
    found: list[dict[str, Any]] = []
    after = None
    while True:
        answer = json.loads(shopify_api.GraphQL().execute(ORDERS, {"first": 2, "after": after}, "Orders"))
        assert "errors" not in answer, answer
        page = answer["data"]["orders"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [one["id"] for one in found] == [one["admin_graphql_api_id"] for one in placed]
    assert found[0]["lineItems"]["nodes"] == [{"sku": "FW-MUG", "quantity": 2}]
    assert found[0]["totalPriceSet"]["shopMoney"]["currencyCode"] == "USD"


def test_a_revoked_token_is_refused_to_it(shopify: Sandbox, session: Any, capsys: pytest.CaptureFixture[str]):
    shopify.post("/sandbox/tokens.json", expire=True, access_token=session.token)
    with pytest.raises(OSError, match="401"):  # urllib's HTTPError
        shopify_api.GraphQL().execute("{ shop { name } }")
    assert "Invalid API key or access token" in capsys.readouterr().out


@pytest.mark.usefixtures("session")
def test_it_believes_the_signature_of_the_way_back_from_the_install_page(shopify: Sandbox):
    back = authorize(shopify)
    assert shopify_api.Session.validate_params(back)
    assert not shopify_api.Session.validate_params({**back, "shop": "someone-else.myshopify.com"})


def test_it_believes_session_tokens(shopify: Sandbox):
    # Real client secrets have 38 characters, and the library's JWT part insists on length.
    domain, secret = "long-secret.myshopify.com", f"shpss_{'0f' * 16}"
    shopify.post("/sandbox/shops.json", domain=domain, token="shpat_long", secret=secret)
    header = f"Bearer {session_token(shopify, shop=domain)}"
    claims = session_tokens.decode_from_header(header, "demo-client-id", secret)
    assert claims["dest"] == f"https://{domain}"
    with pytest.raises(session_tokens.SessionTokenError):
        session_tokens.decode_from_header(header, "demo-client-id", f"shpss_{'1e' * 16}")
