"""A version of the payload is a promise: its bytes never change, and what is promised is what the code records."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from backoffice.tests.builders import api, assert_problem
from integrations import events, sending
from integrations.actions import ACTIONS, SUBJECTS
from integrations.endpoints import add_endpoint, new_secret
from integrations.events import VERSIONS, Event, Line, UnknownVersion, represent
from integrations.models import Connection, Delivery, DeliveryAttempt
from integrations.models.connection import CURRENT_VERSION
from integrations.webhook import outbound
from orders.tests.builders import make_order
from protection.models import Claim, Coverage, Recovery

GOLDEN = Path(__file__).with_name("golden")
ROOT = Path(__file__).parents[2]
EVENTS = {
    "parcel": Event(
        "evt_06d1qabcdefghjkmnpqrstvwxy", "fulfillment.updated", datetime(2026, 11, 23, 9, 30, 1, 250, tzinfo=UTC), 42,
        "tests.myshopify.com", ("ord_06d1qabcdefghjkmnpqrstvwxy", 9_007_199_254_740_993, "#李 1001"), "ful_06d1q",
        {"status": "success", "changed": ["status"], "tracking": {"company": None, "numbers": ["1Z<&>"]}},
    ),
    "ping": Event(
        "evt_06d1qabcdefghjkmnpqrstvwxz", "endpoint.ping", datetime(2026, 11, 23, tzinfo=UTC), 0, "", None, "con_06d1q",
        {"endpoint": "con_06d1q"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", EVENTS)
def test_the_bytes_of_a_version_never_change(version, name):
    sent = outbound.request(EVENTS[name], Line("https://example.com/", (new_secret(),), version), timezone.now()).body
    assert sent == (GOLDEN / f"{version}-{name}.json").read_bytes()


def test_every_golden_file_is_of_a_version_that_is_still_served():
    assert {path.name for path in GOLDEN.iterdir()} == {f"{v}-{name}.json" for v in VERSIONS for name in EVENTS}


def test_an_unknown_version_is_refused_with_the_list_of_known_ones():
    with pytest.raises(UnknownVersion, match=CURRENT_VERSION):
        represent(EVENTS["ping"], "1999-01")


@pytest.mark.django_db
def test_the_feed_refuses_an_unknown_version():
    assert_problem(api().get("/v1/events", version="1999-01"), 400, "invalid_parameter")
    assert api().get("/v1/events", version=CURRENT_VERSION).status_code == 200


@pytest.mark.django_db
def test_each_endpoint_is_sent_its_own_version_and_the_log_says_which(receiver, monkeypatch):
    older = {"2020-01": lambda shape: {"event": shape["id"], "kind": shape["type"]}, **VERSIONS}
    monkeypatch.setattr(events, "VERSIONS", older)
    add_endpoint("new", receiver.url + "/new", ["order.*"])
    old = add_endpoint("old", receiver.url + "/old", ["order.*"])
    Connection.objects.filter(pk=old.pk).update(payload_version="2020-01")
    make_order()
    sending.drain()
    bodies = {message.path: message.body for message in receiver.received}
    event = Delivery.objects.filter(connection=old).get().entry
    assert bodies["/hook/old"].decode() == f'{{"event":"{event.public_id}","kind":"order.created"}}'
    assert b'"version":"2026-11"' in bodies["/hook/new"]
    tried = DeliveryAttempt.objects.values_list("delivery__connection__partner__name", "payload_version")
    assert set(tried) == {("new", "2026-11"), ("old", "2020-01")}


# Functions that are given the verb alone → the subject they put before it.
TELLERS = {
    **dict.fromkeys(["journal", "resolutions.journal", "journal_once"], "resolution"),
    "tell": "change",
    "_tell_part": "fee_refund",
}


def recorded_in_the_code() -> set[str]:
    """Every action that orders, protection and integrations write into the journal, read from their source."""
    found = {f"claim.{state}" for state in Claim.State.values if any(state in to for to in Claim.MOVES.values())}
    found |= {f"coverage.{status}" for status in Coverage.Status.values}
    found |= {f"recovery.{state}" for state in Recovery.State.values}
    for floor in ("orders", "protection", "integrations"):
        for path in (ROOT / floor).rglob("*.py"):
            parts = path.relative_to(ROOT).parts
            if not {"tests", "admin", "migrations"} & set(parts) and path.name != "actions.py":
                found |= set(_named(ast.parse(path.read_text())))
    return found


def _named(node: ast.AST):
    """Text constants such as "order.created", and the verbs told by changes and remedies; no failpoints."""
    match node:
        case ast.Call() if ast.unparse(node.func) in ("failpoints.reach", "reach"):
            return
        case ast.Constant(value=str(text)) if re.fullmatch(rf"({'|'.join(SUBJECTS)})\.[a-z_]+", text):
            yield text
        case ast.Call(args=[_, ast.Constant(value=str(verb)), *_]) if (name := ast.unparse(node.func)) in TELLERS:
            yield f"{TELLERS[name]}.{verb}"
        case ast.Call(args=[ast.Constant(value=str(verb)), *_]) if ast.unparse(node.func) == "recovery.tell":
            yield f"recovery.{verb}"
    for inner in ast.iter_child_nodes(node):
        yield from _named(inner)


def test_what_partners_may_ask_for_is_exactly_what_is_recorded():
    assert recorded_in_the_code() == set(ACTIONS)


def test_no_record_call_names_a_subject_that_is_not_listed():
    """A new subject would pass the test above unseen."""
    for floor in ("orders", "protection", "integrations"):
        for path in (ROOT / floor).rglob("*.py"):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("record", "journal.record") and node.args:
                    text = ast.unparse(node.args[0]).lstrip("f").strip("'\"")
                    assert text in ("event.action", "action") or text.split(".")[0] in SUBJECTS, (path, text)
