"""docs/webhooks.md says what the code does: types, settings, times, and a receiver that works as it is printed."""

import json
import re
from pathlib import Path

import pytest

from integrations import endpoints, sending, settling
from integrations.actions import ACTIONS
from integrations.coalescing import ACTIONS as COALESCED
from integrations.endpoints import add_endpoint
from integrations.events import VERSIONS
from integrations.models import Connection
from integrations.models.connection import CURRENT_VERSION
from integrations.webhook.outbound import FINAL
from orders.tests.builders import make_order

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.S)
    assert found
    return found[1]


@pytest.mark.django_db
def test_the_printed_receiver_takes_what_we_send_and_nothing_else(receiver):
    secret = add_endpoint("acme", receiver.url, ["*"]).secrets["signing"][0]
    make_order()
    sending.drain()
    [message] = receiver.received
    kept = {}
    names = {"remember": kept.__setitem__}
    exec(block("python"), names)
    assert names["handle"](secret, message.body, message.headers) == 204
    assert names["handle"](secret, message.body, message.headers) == 204
    assert list(kept) == [message.headers["webhook-id"]]
    assert names["handle"](secret, message.body + b" ", message.headers) == 401


def test_the_printed_body_has_the_fields_of_the_current_version():
    golden = Path(__file__).with_name("golden") / f"{CURRENT_VERSION}-parcel.json"
    assert list(json.loads(block("json").replace("…", ""))) == list(json.loads(golden.read_text()))
    assert f"today `{CURRENT_VERSION}`" in GUIDE
    assert CURRENT_VERSION in VERSIONS


def test_types_settings_and_statuses_are_those_of_the_code():
    listed = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", GUIDE, re.M)
    assert listed == [*ACTIONS, "endpoint.ping"]
    for field in endpoints.FIELDS:
        assert f"| `{field}` |" in GUIDE
    for action in COALESCED:
        assert f"`{action}`" in GUIDE
    assert ", ".join(str(status) for status in sorted(FINAL)) in GUIDE
    assert f"1 to {endpoints.MOST_IN_FLIGHT}" in GUIDE
    assert f"{Connection._meta.get_field('most_in_flight').default} unless you say" in GUIDE
    assert "`72`) every" in GUIDE
    assert endpoints.MOST_OVERLAP.total_seconds() == 72 * 3600


def test_the_schedule_is_that_of_the_code():
    assert (5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))) == settling.SCHEDULE
    assert "5 seconds, 5 minutes, 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in GUIDE
    assert settling.JITTER == 0.2
