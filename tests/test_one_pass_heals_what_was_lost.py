"""A small shop whose messages are lost, doubled, late and out of order: after one pass both are the same.

`make chaos ONLY=heal` does it with thousands of orders on a whole instance.
"""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from backoffice.models import ApiKey, Partner
from integrations import inbox
from integrations.shopify import webhooks
from integrations.tests.shopify import connect
from sandbox.tests import running
from sandbox.tests.running import Sandbox
from tests.chaos import healing
from tests.chaos.sameness import differing

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

SPEED = healing.SPEED * 4
BAD = {"drop": 0.6, "double": 0.1, "reorder": 0.2, "delay": 0.05, "delay_seconds": 3600.0}


class Parts:
    """The stand-in in a process of its own, the web server in a thread, everything else here."""

    def __init__(self, sandbox: Sandbox, url: str, directory: Path) -> None:
        self.sandbox = sandbox
        self.url = url
        self.directory = directory
        self.session = sandbox.session
        partner = Partner.objects.create(name="Checker")
        self.api_key = ApiKey.issue(partner, ["orders:read"], sandbox.shop, live=False)[1]

    def press(self, path: str, **fields: Any) -> dict[str, Any]:
        response = self.sandbox.post(path, **fields)
        assert response.ok, response.text
        return dict(response.json())

    def look(self, path: str, **query: Any) -> dict[str, Any]:
        return dict(self.sandbox.get(path, **query))

    def manage(self, *arguments: str) -> str:
        out = StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())


@pytest.fixture
def parts(tmp_path, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    settings.DRIFT_GRACE_SECONDS = 0
    webhooks._known.clear()
    sandbox = running.start(tmp_path, speed=SPEED)
    connect(sandbox.shop, api_url=sandbox.url, token=sandbox.token)
    call_command("subscribe_webhooks", domain=sandbox.shop, stdout=StringIO())
    yield Parts(sandbox, live_server.url, tmp_path)
    sandbox.stop()


def test_a_shop_with_bad_messages_is_the_same_after_one_pass(parts):
    figures, found = healing.play(parts, seed=7, orders=60, faults=BAD, speed=SPEED, work=inbox.drain)
    assert found == []
    assert min(figures.dropped, figures.doubled, figures.late) > 0
    assert (figures.found, figures.failed) == (figures.healed, 0)
    assert figures.healed > 5
    # And it would have been noticed: what is changed now is told by no message.
    parts.press("/sandbox/faults.json", drop=1)
    first = parts.look("/sandbox/orders.json", limit=1)["orders"][0]["id"]
    parts.press(f"/sandbox/orders/{first}/note.json", note="Nobody was told of this")
    theirs, ours = healing.at_the_shop(parts), healing.in_our_api(parts)
    assert any("Nobody was told" in words for words in differing(theirs, ours))
