"""Who may not decide, and what was overtaken by somebody else; nothing typed is lost."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from orders import entitlement
from orders.models import UnitUse
from protection.models import Claim, Decision
from protection.tests.builders import line_of, make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, claim_url, press

pytestmark = pytest.mark.django_db


def undecided(claim: Claim) -> bool:
    claim.refresh_from_db()
    return claim.state == "in_review" and not Decision.objects.exists()


def test_a_stranger_is_sent_to_the_log_in():
    claim = make_claim()
    for answer in (Client().get(claim_url(claim)), press(Client(), claim, "approve")):
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("admin:login"))
    assert undecided(claim)


def test_staff_without_the_permission_see_nothing():
    claim = make_claim()
    client = Client()
    client.force_login(make_agent("new"))  # in the group, which has no permissions yet
    assert client.get(claim_url(claim)).status_code == 403
    assert press(client, claim, "approve").status_code == 403
    assert undecided(claim)


def test_who_may_only_look_gets_no_buttons_and_cannot_press_them():
    claim = make_claim()
    client = agent_client()
    user = make_agent("viewer")
    user.groups.clear()
    user.user_permissions.set(Permission.objects.filter(codename="view_claim"))
    client.force_login(user)
    assert 'value="approve"' not in client.get(claim_url(claim)).content.decode()
    assert press(client, claim, "approve").status_code == 403
    assert undecided(claim)


def test_a_post_without_its_token_is_refused():
    claim = make_claim()
    assert press(agent_client(csrf=True), claim, "approve").status_code == 403
    assert undecided(claim)


def test_a_link_cannot_press_a_button():
    claim = make_claim()
    client = agent_client()
    assert client.get(claim_url(claim) + f"?verb=approve&version={claim.version}").status_code == 200
    assert client.put(claim_url(claim)).status_code == 405
    assert client.delete(claim_url(claim)).status_code == 405
    assert undecided(claim)


def test_above_the_limit_a_lead_must_decide():
    claim = make_claim(quantity=2)  # 80.00 USD
    client = agent_client(limit="50")
    assert "above your limit of 50.00 USD" in client.get(claim_url(claim)).content.decode()
    answer = press(client, claim, "approve")
    assert answer.status_code == 409
    assert "your limit is 50.00 USD. Ask a lead" in answer.content.decode()
    assert undecided(claim)


def test_a_unit_is_not_paid_for_twice():
    order = make_covered_order()
    claim = make_claim(order, quantity=1)
    client = agent_client()
    entitlement.use_units(line_of(order), [1], kind=UnitUse.Kind.REFUND, reference="ref_1")
    assert "already refunded" in client.get(claim_url(claim)).content.decode()
    answer = press(client, claim, "approve")
    assert answer.status_code == 409
    assert "was already refunded (ref_1" in answer.content.decode()
    assert undecided(claim)


def test_a_claim_decided_by_two_at_once_is_decided_once():
    claim = make_claim()
    ana, ben = agent_client("ana"), agent_client("ben")
    seen = claim.version
    press(ana, claim, "approve")
    answer = press(ben, claim, "approve", version=seen)
    assert answer.status_code == 409
    assert "Someone changed this claim" in answer.content.decode()
    assert Decision.objects.count() == 1


def test_a_stale_decision_shows_how_the_claim_stands_and_keeps_what_was_typed():
    claim = make_claim()
    item = claim.items.get().pk
    client = agent_client()
    stale = claim.version
    press(client, claim, "ask", question="Which door?")
    press(client, claim, "answered")
    note = "The note <b>typed</b> before"
    answer = press(client, claim, "deny", version=stale, **{f"note-{item}": note, f"reason-{item}": "delivered"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The note &lt;b&gt;typed&lt;/b&gt; before" in page
    assert '<option value="delivered" selected>' in page
    claim.refresh_from_db()
    assert f'name="version" value="{claim.version}"' in page
    assert undecided(claim)


def test_a_claim_that_is_not_there_is_not_found():
    client = agent_client()
    for pk in ("999999999", "abc", "1_2"):
        assert client.get(f"/admin/protection/claim/{pk}/change/").status_code == 404


def test_a_stale_decision_is_called_stale_before_anything_else_is_found_wrong_with_it():
    claim = make_claim()
    stale = claim.version
    client = agent_client()
    press(client, claim, "close", outcome="arrived")
    answer = press(client, claim, "deny", version=stale)  # without a reason, too
    assert "Someone changed this claim" in answer.content.decode()
    assert "still below" not in answer.content.decode()  # nothing can be typed any more


def test_enter_in_a_field_presses_nothing():
    page = agent_client().get(claim_url(make_claim())).content.decode()
    form = page[page.index('id="claim"') :]
    assert form.index("<button") == form.index('<button type="submit" disabled hidden>')
    assert 'form="claim"' not in page  # a button elsewhere would come first


@pytest.mark.parametrize("verb, name", [("deny", "note-{}"), ("ask", "question"), ("approve", "quantity-{}")])
def test_text_that_cannot_be_stored_is_refused(verb, name):
    claim = make_claim()
    item = claim.items.get().pk
    posted = {f"reason-{item}": "no_evidence", name.format(item): "a\x00b"}
    assert press(agent_client(), claim, verb, **posted).status_code in (400, 409)
    assert undecided(claim)


@pytest.mark.parametrize("quantity", ["9" * 5000, "-1", "1.5", "²", "two"])
def test_a_quantity_that_is_no_number_is_refused(quantity):
    claim = make_claim()
    answer = press(agent_client(), claim, "approve", **{f"quantity-{claim.items.get().pk}": quantity})
    assert answer.status_code == 409
    assert undecided(claim)
