"""Whoever asks for a bulk query that cannot be run is told why, in the words recorded from a live shop."""

import json
from pathlib import Path

import pytest

from sandbox.access import SCHEMA
from sandbox.bulk_checks import problems
from sandbox.tests import bulk
from sandbox.tests.running import Sandbox

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "shopify" / "bulk"


@pytest.mark.parametrize(
    "name", ["2026-04_bulk-operation-run-query-validators", "2026-04_bulk-operation-run-query-user-error-codes"]
)
def test_the_words_are_those_of_the_live_shop(name: str):
    path = RECORDED / f"{name}.json"
    if not path.exists():
        pytest.skip("The recorded answers are not here")
    for case, recorded in json.loads(path.read_text())["validations"].items():
        told = recorded["response"]["data"]["bulkOperationRunQuery"]["userErrors"]
        found = problems(SCHEMA, recorded["variables"]["query"])
        assert (case, found) == (case, [error["message"] for error in told])


@pytest.mark.parametrize(
    "query, word",
    [
        ("{ orders { nodes { id } } }", "edges"),
        ("{ orders { edges { node { id made_up } } } }", "made_up"),
        ("{ orders { edges { node { id refunds { refundLineItems { edges { node { id } } } } } } } }", "list"),
        ("{ orders { edges { node { own: id lineItems { edges { node { id } } } } } } }", "'id' field"),
        ("{ orders { edges { node { ...O } } } } fragment O on Order { lineItems { edges { node { id } } } }",
         "'id' field"),
        ("query A { shop { id } } query B { shop { id } }", "one operation"),
        ("{ orders { edges { node { id } }", "end of file"),
        ("{ orders { edges { node { ...O } } } } fragment O on Order { id refunds { order { ...O } } }", "itself"),
        ("{a" * 3_000 + "}" * 3_000, "deeply"),
        ("{ shop { id } }", "at least one connection"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_run_is_refused(shopify: Sandbox, query: str, word: str):
    payload = bulk.ask(shopify, query)
    assert payload["bulkOperation"] is None
    assert {error["code"] for error in payload["userErrors"]} == {"INVALID"}
    assert word in payload["userErrors"][0]["message"]
