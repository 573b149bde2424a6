"""A lead writes, tries, publishes and ends rules on their pages; an agent may look; nobody denies by one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from protection import appeals, review
from protection.admin.queue import in_queue
from protection.models import BackTest, Claim, Routing, RoutingRule, RoutingVersion
from protection.routing import backtesting
from protection.routing.counting import counters
from protection.tests.builders import decide, make_agent, make_claim
from protection.tests.console import agent_client
from protection.tests.routing import LOST, asks, make_draft, make_rule, route

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> Client:
    user = make_agent("lea", limit=None)
    user.groups.add(ensure_roles()["lead"])
    client = Client()
    client.force_login(user)
    return client


def url(rule: RoutingRule) -> str:
    return reverse("admin:protection_routingrule_change", args=[rule.pk])


def typed(**fields: Any) -> dict[str, Any]:
    return {
        "field-1": "reason", "operator-1": "one_of", "value-1": "lost, damaged", "field-2": "photo", "operator-2": "",
        "value-2": "yes", "field-3": "value", "operator-3": "at_most", "value-3": "50", "action": "approve",
        "priority": "7", "remedy": "refund", "cap_claim": "60", "cap_customer": "120.50", "cap_day": "500", **fields,
    }  # fmt: skip


def test_a_rule_is_made_written_and_published(lead):
    made = lead.post(reverse("admin:protection_routingrule_add"), {"name": "Small losses", "shop": ""})
    rule = RoutingRule.objects.get()
    assert made["Location"] == url(rule)
    assert lead.post(url(rule), typed(verb="save")).status_code == 302
    draft = rule.versions.get()
    assert draft.conditions == [
        asks("reason", "one_of", ["lost", "damaged"]), asks("photo", "is", True), asks("value", "at_most", "50"),
    ]  # fmt: skip
    assert (draft.priority, draft.settings, str(draft.cap_customer)) == (7, {"remedy": "refund"}, "120.50")
    assert draft.state == "draft"
    tomorrow = timezone.now() + timedelta(days=1)
    lead.post(url(rule), typed(verb="publish", effective_from=f"{tomorrow:%Y-%m-%dT%H:%M}"))
    draft.refresh_from_db()
    assert (draft.state, draft.published_by) == ("scheduled", "staff:lea")
    page = lead.get(url(rule)).content.decode()
    assert "When the reason is lost in transit or damaged and there is a photo and the claim" in page


def test_what_was_typed_stays_when_it_is_refused_and_the_row_is_named(lead):
    rule = make_draft(name="Mine").rule
    answer = lead.post(url(rule), typed(verb="publish", **{"value-3": "plenty"}))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Condition 3: value: give a number" in page
    assert 'value="plenty"' in page
    assert 'value="lost, damaged"' in page
    assert rule.versions.get().state == "draft"


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"field-1": "", "value-1": "", "field-2": "", "value-2": "", "field-3": "", "value-3": ""}, "at least one"),
        ({"cap_day": ""}, "needs a cap"),
        ({"field-1": "colour"}, "Condition 1: field must be one of"),
        ({"operator-1": "at_most"}, "Condition 1: reason is compared by"),
        ({"value-2": "maybe"}, "Condition 2: photo: say true or false"),
        ({"priority": "first"}, "The priority must be a whole number"),
        ({"priority": "-1"}, "The priority must be a whole number"),
        ({"action": "deny"}, "action must be one of"),
        ({"action": "hold", "days": "soon"}, "The number of days must be"),
        ({"action": "assign", "assignee": "user:999999999"}, "no such user"),
        ({"action": "assign", "assignee": "team"}, "Name one user"),
        ({"action": "ask", "asked": " "}, "Say what the customer should send"),
        ({"effective_from": "next week"}, "Write the moment as a date"),
        ({"effective_from": "9999-12-31T23:00-02:00"}, "Write the moment as a date"),
        ({"effective_from": "2020-01-01T00:00"}, "never in the past"),
    ],
)
def test_nothing_is_published_that_is_wrong(lead, fields, words):
    rule = make_draft(name="Mine").rule
    answer = lead.post(url(rule), typed(verb="publish", **fields))
    assert answer.status_code == 409
    assert words in answer.content.decode()
    assert not RoutingVersion.objects.exclude(published_at=None).exists()
    assert rule.versions.get().conditions == [LOST]


def test_a_dry_run_is_published_ended_and_drafted_again(lead):
    rule = make_draft(name="Mine").rule
    lead.post(url(rule), typed(verb="dry_run"))
    version = rule.versions.get()
    assert version.state == "dry run"
    lead.post(url(rule), {"verb": "end", "number": "1"})
    version.refresh_from_db()
    assert (version.state, version.ended_by) == ("ended", "staff:lea")
    lead.post(url(rule), {"verb": "draft_again", "number": "1"})
    assert rule.versions.get(number=2).conditions == version.conditions
    for number in ("9", "-1", "x", "9" * 30):
        assert lead.post(url(rule), {"verb": "end", "number": number}).status_code == 409


def test_an_agent_looks_and_changes_nothing():
    client, rule = agent_client(), make_draft(name="Mine").rule
    page = client.get(url(rule))
    assert page.status_code == 200
    assert b'value="publish"' not in page.content
    assert client.get(reverse("admin:protection_routingrule_changelist")).status_code == 200
    for verb in ("save", "publish", "dry_run", "end", "draft_again", "back_test"):
        assert client.post(url(rule), typed(verb=verb, number="1", days="90")).status_code == 403
    assert client.post(reverse("admin:protection_routingrule_add"), {"name": "More"}).status_code == 403
    assert RoutingRule.objects.count() == 1
    assert rule.versions.get().state == "draft"
    test = backtesting.begin(rule.versions.get(), 90, by="staff:lea", ring=False)
    assert client.get(reverse("admin:protection_backtest_change", args=[test.pk])).status_code == 200


def test_the_list_shows_rules_in_their_order_with_what_they_did_in_few_queries(lead):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert lead.get(reverse("admin:protection_routingrule_changelist")).status_code == 200
        return len([query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    make_rule(name="Second", priority=20)
    make_rule(name="First", priority=10, action="flag")
    make_draft(name="Not yet", action="flag")
    few = asked()
    route(make_claim())
    for number in range(6):
        make_rule(name=f"Rule {number}", priority=30 + number, action="flag")
    assert asked() == few <= 12
    page = lead.get(reverse("admin:protection_routingrule_changelist")).content.decode()
    assert page.index("First") < page.index("Second") < page.index("Rule 0") < page.index("Not yet")


def test_counters_say_what_came_of_a_rule():
    approving = make_rule(cap_customer="400", cap_day="400")
    dry = make_rule(asks("reason", "one_of", ["lost"]), name="Dry", priority=1, dry_run=True)
    claims = [make_claim() for _ in range(2)]
    for claim in claims:
        route(claim)
    review.undo(claims[0], user=make_agent("ben"))
    found = counters([approving.rule_id, dry.rule_id])
    acted, would = found[approving.rule_id], found[dry.rule_id]
    assert (acted.matched, acted.acted, acted.would, acted.overturned) == (2, 2, 0, 1)
    assert [str(money) for money in acted.approved] == ["80.00 USD"]
    assert (would.matched, would.acted, would.would, would.overturned) == (2, 0, 2, 0)
    assert [str(money) for money in would.would_approve] == ["80.00 USD"]


def test_what_an_appeal_gave_after_a_rule_held_it_counts_as_overturned():
    version = make_rule(action="hold")
    claim = make_claim()
    route(claim)
    decide(claim, make_agent("ana"), 0)
    claim.refresh_from_db()
    assert counters([version.rule_id])[version.rule_id].overturned == 0
    appeals.appeal(claim, "It never came", by="customer")
    claim.refresh_from_db()
    decide(claim, make_agent("ben"))
    assert counters([version.rule_id])[version.rule_id].overturned == 1
    assert Routing.objects.get().result == "acted"


def test_a_back_test_is_begun_by_a_button_and_shown_while_it_runs_and_when_it_is_done(lead):
    claim = make_claim()
    decide(claim, make_agent("ana"), 0)
    rule = make_draft(name="Mine").rule
    begun = lead.post(url(rule), {"verb": "back_test", "days": "90"})
    test = BackTest.objects.get()
    page_url = reverse("admin:protection_backtest_change", args=[test.pk])
    assert begun["Location"] == page_url
    page = lead.get(page_url).content.decode()
    assert "0 of 1 claims looked at" in page
    assert 'http-equiv="refresh"' in page
    backtesting.run()
    page = lead.get(page_url).content.decode()
    assert 'http-equiv="refresh"' not in page
    assert "approves what people denied" in page
    assert reverse("admin:protection_claim_change", args=[claim.pk]) in page
    assert "Zoë Lindqvist" in page
    assert lead.post(url(rule), {"verb": "back_test", "days": "3"}).status_code == 409
    assert lead.get(reverse("admin:protection_backtest_changelist")).status_code == 200


def test_held_claims_are_in_a_queue_of_their_own_until_their_day(lead):
    make_rule(action="hold", settings={"days": 2, "lead": False})
    held, other = make_claim(), make_claim()
    route(held)
    user = held.assignee

    def queue(key: str) -> list[Claim]:
        return list(in_queue(Claim.objects.all(), key, user))

    assert (queue("todo"), queue("held")) == ([other], [held])
    Claim.objects.filter(pk=held.pk).update(held_until=timezone.now())
    assert queue("held") == []
    assert len(queue("todo")) == 2
    Claim.objects.filter(pk=held.pk).update(next_actor="lead")
    assert queue("held") == [held]
    assert lead.get(reverse("admin:protection_claim_changelist"), {"queue": "held"}).status_code == 200
