"""Run bulk queries in tests: ask, wait, read the result."""

import json
from typing import Any

import requests

from sandbox.tests.polling import until
from sandbox.tests.running import Sandbox

RUN = (
    "mutation($text: String!, $grouped: Boolean!) { bulkOperationRunQuery(query: $text, groupObjects: $grouped) {"
    " bulkOperation { id status objectCount url } userErrors { field message code } } }"
)
STATUS = (
    "query($id: ID!) { bulkOperation(id: $id) { id status errorCode createdAt completedAt objectCount rootObjectCount"
    " fileSize url partialDataUrl type query } }"
)
FINISHED = ("COMPLETED", "FAILED", "CANCELED")

ORDERS = "{ orders { edges { node { id name lineItems { edges { node { id sku quantity } } } } } } }"


def ask(shopify: Sandbox, query: str, *, grouped: bool = False) -> dict[str, Any]:
    """The payload of bulkOperationRunQuery."""
    return dict(shopify.ask(RUN, text=query, grouped=grouped)["data"]["bulkOperationRunQuery"])


def status(shopify: Sandbox, gid: str) -> dict[str, Any]:
    return dict(shopify.ask(STATUS, id=gid)["data"]["bulkOperation"])


def finished(shopify: Sandbox, gid: str, seconds: float = 20) -> dict[str, Any]:
    """The operation as soon as it is over."""
    until(lambda: status(shopify, gid)["status"] in FINISHED, seconds)
    return status(shopify, gid)


def run(shopify: Sandbox, query: str, *, grouped: bool = False) -> dict[str, Any]:
    """Run a query to its end."""
    payload = ask(shopify, query, grouped=grouped)
    assert payload["userErrors"] == [], payload
    return finished(shopify, payload["bulkOperation"]["id"])


def lines(url: str) -> list[dict[str, Any]]:
    """The objects of a result."""
    return [json.loads(line) for line in requests.get(url, timeout=10).text.splitlines()]
