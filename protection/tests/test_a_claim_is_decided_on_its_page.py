"""The decision bar: approve, approve in part, deny, ask, close, undo."""

import pytest

from orders.models import UnitUse
from orders.tests.builders import line
from protection import resolutions
from protection.models import Claim, Decision
from protection.tests.builders import line_of, make_claim, make_covered_order
from protection.tests.console import agent_client, claim_url, press

pytestmark = pytest.mark.django_db


def only_item(claim: Claim) -> int:
    return claim.items.get().pk


def test_approving_plans_the_replacement_and_says_so():
    claim = make_claim(quantity=2)
    client = agent_client()
    answer = press(client, claim, "approve")
    assert answer.status_code == 302
    assert answer.url == claim_url(claim)
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("decided", "approved")
    assert UnitUse.objects.filter(kind="replacement").count() == 2
    page = client.get(claim_url(claim)).content.decode()
    assert "It goes out when the time to undo is over" in page
    assert 'value="undo"' in page
    assert "Next claim" not in page  # there is none


def test_a_partial_approval_needs_a_reason_for_the_rest():
    claim = make_claim(quantity=2)
    client = agent_client()
    item = only_item(claim)
    answer = press(client, claim, "approve", **{f"quantity-{item}": "1"})
    assert answer.status_code == 409
    assert "say why the other units are denied" in answer.content.decode()
    press(client, claim, "approve", **{f"quantity-{item}": "1", f"reason-{item}": "delivered"})
    claim.refresh_from_db()
    assert claim.outcome == "partial"
    assert {(d.verdict, d.quantity) for d in Decision.objects.all()} == {("approve", 1), ("deny", 1)}


def test_items_that_are_not_picked_are_denied_with_their_reason():
    order = make_covered_order(line("Teapot"), line("Cup"))
    claim = make_claim(order)
    extra = claim.items.create(line=line_of(order, "Cup"), quantity=1)
    extra.units.create(line=extra.line, unit=1)
    client = agent_client()
    item = claim.items.exclude(pk=extra.pk).get()
    posted = {f"pick-{extra.pk}": "on", f"quantity-{extra.pk}": "1", f"reason-{item.pk}": "no_evidence"}
    answer = client.post(claim_url(claim), {"verb": "approve", "version": claim.version, **posted})
    assert answer.status_code == 302
    assert dict(Decision.objects.values_list("item_id", "verdict")) == {extra.pk: "approve", item.pk: "deny"}


def test_denying_needs_a_reason_and_closes_the_claim():
    claim = make_claim()
    client = agent_client()
    item = only_item(claim)
    assert press(client, claim, "deny").status_code == 409
    assert press(client, claim, "deny", **{f"reason-{item}": "other"}).status_code == 409
    answer = press(client, claim, "deny", **{f"reason-{item}": "other", f"note-{item}": "It was never sent."})
    assert answer.status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("closed", "denied")
    assert "Closed" in client.get(claim_url(claim)).content.decode()


def test_nothing_picked_is_not_an_approval():
    claim = make_claim()
    answer = agent_client().post(claim_url(claim), {"verb": "approve", "version": claim.version})
    assert answer.status_code == 409
    assert "Pick the items to approve" in answer.content.decode()


def test_asking_needs_a_question_and_the_answer_brings_the_claim_back():
    claim = make_claim()
    client = agent_client()
    assert press(client, claim, "ask", question=" ").status_code == 409
    press(client, claim, "ask", question="Please send a photo of the box.")
    page = client.get(claim_url(claim)).content.decode()
    assert "Asked the customer: “Please send a photo of the box.”" in page
    press(client, claim, "answered")
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_a_claim_can_be_closed_without_a_decision_only_in_the_ways_offered():
    claim = make_claim()
    client = agent_client()
    assert press(client, claim, "close", outcome="approved").status_code == 409
    assert press(client, claim, "close", outcome="arrived").status_code == 302
    claim.refresh_from_db()
    assert claim.outcome == "arrived"


def test_undo_takes_the_decision_back_while_the_remedy_waits():
    claim = make_claim()
    client = agent_client()
    press(client, claim, "approve")
    press(client, claim, "undo")
    claim.refresh_from_db()
    assert claim.state == "in_review"
    assert not UnitUse.objects.filter(released_at=None).exists()
    assert "Remedy taken back" in client.get(claim_url(claim)).content.decode()


def test_undo_comes_too_late_once_the_remedy_started():
    claim = make_claim()
    client = agent_client()
    press(client, claim, "approve")
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    answer = press(client, claim, "undo")
    assert answer.status_code == 409
    assert "nothing to undo" in answer.content.decode()


def test_an_unknown_button_changes_nothing():
    claim = make_claim()
    answer = press(agent_client(), claim, "pay_everybody")
    assert answer.status_code == 400
    claim.refresh_from_db()
    assert claim.state == "in_review"
