"""The table of scopes agrees with Shopify's own list of topics, and a version's end is counted from its name."""

import json
from datetime import date

import pytest

from integrations.models import Connection
from integrations.shopify import access, inbound, versions
from integrations.tests.shopify import SHARED


@pytest.mark.skipif(not SHARED.exists(), reason="Shopify's list of topics is not here")
def test_every_topic_we_subscribe_needs_the_scopes_that_shopify_names():
    listed = json.loads((SHARED / "webhook_topics_2026-04.json").read_text())["topics"]
    needed = {row["topic"]: {f"read_{scope}" for scope in row["access_scopes"]} for row in listed}
    for topic in inbound.SUBSCRIBED:
        ours = set(access.scopes_for(topic))
        assert ours <= needed[topic], topic
        assert bool(ours) == bool(needed[topic]), topic


def test_every_scope_says_what_it_is_for_once():
    assert len({scope.handle for scope in access.SCOPES}) == len(access.SCOPES)
    assert all(scope.purpose and scope.features for scope in access.SCOPES)
    assert "read_all_orders" not in access.WANTED  # Shopify's dashboard grants it, a consent page cannot


def test_writing_includes_reading_and_a_topic_needs_one_of_its_scopes():
    assert access.is_granted("read_orders", ["write_orders"])
    assert not access.is_granted("write_orders", ["read_orders"])
    assert access.is_open("fulfillment_orders/moved", ["read_third_party_fulfillment_orders"])
    assert not access.is_open("orders/create", ["read_products"])
    assert access.is_open("app/uninstalled", [])


def test_nothing_is_missing_at_a_store_that_was_never_asked():
    assert access.missing(Connection(scopes=[])) == []


@pytest.mark.parametrize(
    ("version", "today", "left"),
    [("2026-10", date(2026, 11, 26), 309), ("2026-01", date(2027, 1, 1), 0), ("unstable", date(2026, 11, 26), None)],
)
def test_a_version_is_supported_for_twelve_months(version, today, left):
    assert versions.days_left(version, today) == left


@pytest.mark.parametrize(
    ("pinned", "answered", "today", "says"),
    [
        ("2026-10", "2026-10", date(2026, 11, 26), ""),
        ("2026-10", "", date(2027, 8, 1), ""),
        ("2026-10", "2026-10", date(2027, 8, 2), "ends on 1 October 2027"),
        ("2026-10", "2026-10", date(2027, 10, 1), "ended on 1 October 2027"),
        ("2025-07", "2026-01", date(2026, 11, 26), "answers with version 2026-01 where we ask for 2025-07"),
        ("unstable", "unstable", date(2026, 11, 26), ""),
    ],
)
def test_a_version_that_nears_its_end_or_was_replaced_is_told(pinned, answered, today, says):
    assert (
        (says in versions.trouble(pinned, answered, today)) if says else not versions.trouble(pinned, answered, today)
    )
