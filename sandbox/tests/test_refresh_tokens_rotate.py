"""An expiring token is refreshed: the refresh token changes each time, and the old one outlives a lost answer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.tests import running
from sandbox.tests.polling import until
from sandbox.tests.running import Sandbox
from sandbox.tests.test_apps_get_tokens_by_oauth import EXCHANGE, ID_TOKEN, grant, opens, session_token


@pytest.fixture(scope="module")
def shopify(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A stand-in on the real clock: an hour is an hour."""
    sandbox = running.start(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.kill()


def pair(shopify: Sandbox) -> dict[str, Any]:
    """A fresh access token with its refresh token."""
    fields = {"subject_token": session_token(shopify), "subject_token_type": ID_TOKEN}
    return dict(grant(shopify, grant_type=EXCHANGE, expiring="1", **fields).json())


def refreshed(shopify: Sandbox, token: str) -> requests.Response:
    return grant(shopify, grant_type="refresh_token", refresh_token=token)


def test_a_refresh_brings_a_new_pair(shopify: Sandbox):
    first = pair(shopify)
    second = refreshed(shopify, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert opens(shopify, second["access_token"])


def test_the_replaced_token_works_until_the_new_one_is_used(shopify: Sandbox):
    first = pair(shopify)
    refreshed(shopify, first["refresh_token"])  # this answer is lost
    second = refreshed(shopify, first["refresh_token"]).json()
    third = refreshed(shopify, second["refresh_token"])
    assert third.status_code == 200
    gone = refreshed(shopify, first["refresh_token"])
    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_grant")


def test_a_token_ended_by_hand_is_refused_and_can_be_refreshed(shopify: Sandbox):
    first = pair(shopify)
    ended = shopify.post("/sandbox/tokens.json", expire=True, access_token=first["access_token"])
    assert ended.json() == {"expired": 1}
    answer = requests.post(
        f"{shopify.url}/admin/api/2026-10/graphql.json",
        json={"query": "query { shop { id } }"},
        headers={"X-Shopify-Access-Token": first["access_token"]},
        timeout=10,
    )
    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")
    assert opens(shopify, refreshed(shopify, first["refresh_token"]).json()["access_token"])


def test_ending_all_leaves_the_static_token_alone(shopify: Sandbox):
    first = pair(shopify)
    shopify.post("/sandbox/tokens.json", expire=True)
    assert not opens(shopify, first["access_token"])
    assert opens(shopify, shopify.token)


def test_tokens_are_listed_newest_first(shopify: Sandbox):
    made = pair(shopify)
    newest = shopify.get("/sandbox/tokens.json")["tokens"][0]
    assert (newest["access_token"], newest["refresh_token"]) == (made["access_token"], made["refresh_token"])
    assert 3500 < newest["seconds_left"] <= 3600
    assert shopify.post("/sandbox/tokens.json").status_code == 422


def test_a_token_ends_by_itself_on_the_compressed_clock(start: Callable[..., Sandbox]):
    fast = start(speed=36_000)
    token = pair(fast)["access_token"]
    until(lambda: not opens(fast, token), seconds=3)
