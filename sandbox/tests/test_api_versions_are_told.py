"""Old versions are served by the oldest supported one, unknown ones not at all; webhooks have the app's version."""

import pytest
import requests

from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox


def asked(shopify: Sandbox, version: str) -> requests.Response:
    return requests.post(
        f"{shopify.url}/admin/api/{version}/graphql.json",
        json={"query": "query { shop { id } }"},
        headers={"X-Shopify-Access-Token": shopify.token},
        timeout=10,
    )


@pytest.mark.parametrize(
    "version, served",
    [("2026-10", "2026-10"), ("2026-04", "2026-04"), ("2023-04", "2026-01"), ("unstable", "unstable")],
)
def test_the_answer_names_the_version_it_was_made_with(shopify: Sandbox, version: str, served: str):
    answer = asked(shopify, version)
    assert (answer.status_code, answer.headers["X-Shopify-API-Version"]) == (200, served)


@pytest.mark.parametrize("version", ["2031-01", "2026-05", "1999-01"])
def test_a_version_that_never_was_is_not_found(shopify: Sandbox, version: str):
    assert asked(shopify, version).status_code == 404


def test_versions_are_listed(shopify: Sandbox):
    listed = shopify.ask("query { publicApiVersions { handle displayName supported } }")["data"]["publicApiVersions"]
    assert {"handle": "2026-10", "displayName": "2026-10 (Latest)", "supported": True} in listed


def test_webhooks_have_the_version_set_on_the_app(shopify: Sandbox, receiver: Receiver):
    subscription = shopify.subscribe("ORDERS_CREATE", receiver.url)
    assert shopify.post("/sandbox/version.json", version="2026-07").json() == {"version": "2026-07"}
    shopify.place()
    assert receiver.wait_for(1)[0].headers["x-shopify-api-version"] == "2026-07"
    question = "query($id: ID!) { webhookSubscription(id: $id) { apiVersion { handle supported } } }"
    shown = shopify.ask(question, id=subscription)["data"]["webhookSubscription"]["apiVersion"]
    assert shown == {"handle": "2026-07", "supported": True}
    assert shopify.post("/sandbox/version.json", version="2019-01").status_code == 422
