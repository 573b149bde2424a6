"""A store kept before the stand-in knew apps, tokens and bulk operations is taken over as it is."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sandbox.tests import bulk
from sandbox.tests.running import Sandbox
from sandbox.tests.test_apps_get_tokens_by_oauth import grant, opens

SINCE = ("app_settings", "installations", "tokens", "codes", "rotations", "bulk_operations")


def test_its_orders_and_its_token_are_still_there(start: Callable[..., Sandbox], tmp_path: Path):
    shopify = start()
    order = shopify.place()
    shopify.stop()
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as old, old:
        for table in SINCE:
            old.execute(f"DROP TABLE {table}")
    again = start()
    assert opens(again, again.token)
    assert grant(again, grant_type="client_credentials").status_code == 200
    assert again.get("/sandbox/scopes.json")["installed"] is True
    found = bulk.lines(bulk.run(again, "{ orders { edges { node { id } } } }")["url"])
    assert [line["id"] for line in found] == [order["admin_graphql_api_id"]]
