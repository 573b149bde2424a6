"""Client credentials, authorization code and token exchange: the grants of an app, and how each is refused."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from sandbox.tests.running import Sandbox

SHOP_NAME = "query { shop { myshopifyDomain } }"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"


def grant(shopify: Sandbox, **fields: Any) -> requests.Response:
    """Ask for a token with the app's right credentials; a field with None is left out."""
    form = {"client_id": "demo-client-id", "client_secret": shopify.secret, **fields}
    given = {name: value for name, value in form.items() if value is not None}
    return requests.post(f"{shopify.url}/admin/oauth/access_token", data=given, timeout=10)


def session_token(shopify: Sandbox, **fields: Any) -> str:
    return str(shopify.post("/sandbox/session_token.json", **fields).json()["session_token"])


def opens(shopify: Sandbox, token: str) -> bool:
    return "data" in shopify.ask(SHOP_NAME, token=token)


def test_client_credentials_bring_a_token_for_a_day(shopify: Sandbox):
    answer = grant(shopify, grant_type="client_credentials")
    assert answer.status_code == 200
    given = answer.json()
    assert given["expires_in"] == 86399
    assert "write_orders" in given["scope"].split(",")
    assert set(given) == {"access_token", "scope", "expires_in"}
    assert opens(shopify, given["access_token"])


def test_json_is_taken_like_a_form(shopify: Sandbox):
    body = {"client_id": "demo-client-id", "client_secret": shopify.secret, "grant_type": "client_credentials"}
    answer = requests.post(f"{shopify.url}/admin/oauth/access_token", json=body, timeout=10)
    assert opens(shopify, answer.json()["access_token"])


@pytest.mark.parametrize(
    "fields, status, error",
    [
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_secret": None}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "shop": "nobody.myshopify.com"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
        ({"code": "made-up"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "shprt_made_up"}, 400, "invalid_grant"),
        ({"grant_type": EXCHANGE, "subject_token": "a.b.c", "subject_token_type": ID_TOKEN}, 400,
         "invalid_subject_token"),
        ({"grant_type": EXCHANGE, "subject_token": "a.b.c"}, 400, "invalid_request"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(shopify: Sandbox, fields: dict[str, Any], status: int, error: str):
    answer = grant(shopify, **fields)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_a_body_that_is_no_object_is_refused(shopify: Sandbox):
    for body in ("[]", "{", '"x"', r'{"client_id": "x", "client_secret": "\ud800"}'):
        answer = requests.post(
            f"{shopify.url}/admin/oauth/access_token",
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=10,
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def authorize(shopify: Sandbox, **fields: str) -> dict[str, str]:
    """Press Install and return the query with which the browser comes back to the app."""
    query = {
        "client_id": "demo-client-id",
        "scope": "write_orders,read_products",
        "redirect_uri": "http://127.0.0.1:9/back",
        "state": "n0nce with space",
        **fields,
    }
    page = requests.get(f"{shopify.url}/admin/oauth/authorize", params=query, timeout=10)
    assert "read_products" in page.text
    pressed = requests.post(f"{shopify.url}/admin/oauth/authorize", data=query, timeout=10, allow_redirects=False)
    assert pressed.status_code == 302
    target = urlsplit(pressed.headers["Location"])
    assert (target.netloc, target.path) == ("127.0.0.1:9", "/back")
    assert "+" not in target.query
    return dict(parse_qsl(target.query))


def test_the_merchant_comes_back_with_a_signed_code(shopify: Sandbox):
    back = authorize(shopify)
    assert set(back) == {"code", "hmac", "host", "shop", "state", "timestamp"}
    assert (back["shop"], back["state"]) == (shopify.shop, "n0nce with space")
    signed = "&".join(f"{name}={value}" for name, value in sorted(back.items()) if name != "hmac")
    assert back["hmac"] == hmac.new(shopify.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def test_a_code_is_exchanged_once(shopify: Sandbox):
    code = authorize(shopify, scope="write_orders,read_products,read_customers")["code"]
    given = grant(shopify, code=code).json()
    assert set(given) == {"access_token", "scope"}
    assert set(given["scope"].split(",")) == {"write_orders", "read_orders", "read_products", "read_customers"}
    assert opens(shopify, given["access_token"])
    assert grant(shopify, code=code).json()["error"] == "invalid_request"


def test_a_code_with_expiry_brings_a_refresh_token(shopify: Sandbox):
    given = grant(shopify, code=authorize(shopify)["code"], expiring="1").json()
    assert (given["expires_in"], given["refresh_token_expires_in"]) == (3600, 90 * 86400)
    assert given["refresh_token"].startswith("shprt_")


def test_a_code_per_user_brings_an_online_token(shopify: Sandbox):
    code = authorize(shopify, **{"grant_options[]": "per-user"})["code"]
    assert grant(shopify, code=code).json()["associated_user"]["account_owner"] is True


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "wrong"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://["},
        {"redirect_uri": "http://a.example/\r\nX: y"},
        {"shop": "nobody.myshopify.com"},
    ],
)
def test_the_page_is_refused_to_strangers(shopify: Sandbox, fields: dict[str, str]):
    query = {"client_id": "demo-client-id", "redirect_uri": "http://127.0.0.1:9/", "scope": "x", **fields}
    for send in (requests.get, requests.post):
        answer = send(f"{shopify.url}/admin/oauth/authorize", params=query, data=query, timeout=10)
        assert answer.status_code == 400


@pytest.mark.parametrize("kind", ["offline", "online"])
def test_a_session_token_is_exchanged(shopify: Sandbox, kind: str):
    answer = grant(
        shopify,
        grant_type=EXCHANGE,
        subject_token=session_token(shopify),
        subject_token_type=ID_TOKEN,
        requested_token_type=f"urn:shopify:params:oauth:token-type:{kind}-access-token",
        expiring="1",
    )
    assert opens(shopify, answer.json()["access_token"])
    assert ("refresh_token" in answer.json()) == (kind == "offline")
    assert ("associated_user" in answer.json()) == (kind == "online")


def test_a_session_token_that_is_over_is_refused(shopify: Sandbox):
    over = session_token(shopify, seconds=-60)
    answer = grant(shopify, grant_type=EXCHANGE, subject_token=over, subject_token_type=ID_TOKEN)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_subject_token")


def test_a_token_opens_only_its_own_shop(shopify: Sandbox):
    shopify.post("/sandbox/shops.json", domain="other.myshopify.com", token="shpat_other", secret="other-secret")
    answer = grant(
        shopify, grant_type="client_credentials", client_secret="other-secret", shop="other.myshopify.com"
    ).json()
    asked = shopify.ask(SHOP_NAME, token=answer["access_token"])
    assert asked["data"]["shop"]["myshopifyDomain"] == "other.myshopify.com"
    wrong = requests.post(
        f"{shopify.url}/admin/api/2026-10/graphql.json",
        json={"query": SHOP_NAME},
        headers={"X-Shopify-Access-Token": answer["access_token"], "Host": shopify.shop},
        timeout=10,
    )
    assert wrong.status_code == 401
