"""Buttons of the claim page: each where the claim's state and the reader let it be pressed, else the reason."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from orders.models import Change
from orders.tests.builders import line, make_order
from protection import appeals, asking, proposing, resolutions
from protection.models import ApprovalLimit, Claim, Resolution
from protection.review import ItemDecision
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, claim_url, press
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db
BUTTON = 'name="verb" value="{}"'


def page_of(claim: Claim, username: str = "ana") -> str:
    return agent_client(username).get(claim_url(claim)).content.decode()


def buttons(claim: Claim, username: str = "ana") -> set[str]:
    page = page_of(claim, username)
    return {verb for verb in ALL if BUTTON.format(verb) in page}


ALL = ("approve", "deny", "propose", "confirm", "send_back", "undo", "reverse", "given", "not_given", "ask", "answered",
       "review_now", "arrived", "not_arrived", "withdraw", "appeal", "settle_found", "close", "reopen")  # fmt: skip


def lead(username: str = "lea", limit: str | None = "500") -> str:
    user = make_agent(username)
    ensure_roles()
    group = Group.objects.get(name="lead")
    ApprovalLimit.objects.update_or_create(group=group, defaults={"amount": limit})
    user.groups.set([group])
    return username


def waiting() -> Claim:
    order = make_covered_order()
    send(order, ("in_transit", timezone.now()))
    return make_claim(order)


def test_each_state_offers_what_it_lets() -> None:
    customers = {"arrived", "not_arrived", "withdraw", "close"}
    claim = make_claim()
    assert buttons(claim) == {"approve", "deny", "propose", "ask"} | customers
    assert buttons(waiting()) == {"review_now"} | customers
    asking.ask(claim, ["A photo"], by="staff:ana")
    assert buttons(claim) == {"answered"} | customers
    decided = decide(make_claim(), make_agent("ben"))
    assert buttons(decided) == {"undo"}
    resolutions.start(decided.resolutions.get())
    assert buttons(decided) == set()
    denied = decide(make_claim(), make_agent("cem"), 0)
    assert buttons(denied) == {"reopen", "appeal"}


def test_who_has_no_limit_has_nobody_to_propose_to() -> None:
    claim = make_claim()
    agent_client("ana", None)
    assert "propose" not in buttons(claim)


def test_above_the_limit_it_is_proposed_and_a_second_person_confirms_it() -> None:
    claim = make_claim(quantity=2)  # 80.00 USD
    ana = agent_client("ana", "50")
    assert press(ana, claim, "propose").status_code == 302
    page = page_of(claim)
    assert "worth <strong>80.00 USD</strong>: 2 × Teapot: replacement" in page
    assert "You proposed it; another person must confirm it." in page
    assert {"send_back", "approve"} <= buttons(claim)
    assert "confirm" not in buttons(claim)
    assert press(ana, claim, "confirm").status_code == 409
    agent_client("ben", "50")
    assert "It is worth 80.00 USD, above your limit of 50.00 USD." in page_of(claim, "ben")
    assert press(agent_client("ben"), claim, "confirm").status_code == 409
    lea = agent_client(lead())
    assert "confirm" in buttons(claim, "lea")
    assert press(lea, claim, "confirm").status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.outcome, claim.proposals.get().state) == ("decided", "approved", "confirmed")


def test_a_proposal_goes_back_with_a_reason() -> None:
    claim = make_claim(quantity=2)
    ana, lea = agent_client("ana", "50"), agent_client(lead())
    press(ana, claim, "propose")
    answer = press(lea, claim, "send_back", why_back=" ")
    assert answer.status_code == 409
    assert "Say why it is sent back." in answer.content.decode()
    press(lea, claim, "send_back", why_back="One is enough")
    assert claim.proposals.get().state == "declined"
    page = page_of(claim)
    assert "The proposal was sent back: One is enough" in page
    assert "propose" in buttons(claim)


def test_a_proposal_that_was_overtaken_is_not_shown() -> None:
    claim = make_claim(quantity=2)
    press(agent_client("ana", "50"), claim, "propose")
    asking.ask(claim, ["A photo"], by="staff:ana")
    asking.answer(claim, "", by="staff:ana")
    assert not {"confirm", "send_back"} & buttons(claim)


def test_after_an_appeal_another_person_decides_and_the_page_says_who_may_not() -> None:
    claim = make_claim()
    decide(claim, make_agent("ana"), 0)
    client = agent_client("ana")
    assert press(client, claim, "appeal", why_appeal="").status_code == 409
    assert press(client, claim, "appeal", why_appeal="It was broken").status_code == 302
    page = page_of(claim)
    assert "You decided it before the appeal; another person must." in page
    assert "It was broken" in page
    assert "Not decided again by ana, who decided before." in page
    assert buttons(claim) == {"ask", "arrived", "not_arrived", "withdraw"}
    for verb in ("approve", "propose", "close"):
        assert press(client, claim, verb, outcome="duplicate").status_code == 409
    assert {"approve", "deny", "close"} <= buttons(claim, "ben")
    press(agent_client("ben"), claim, "approve")
    claim.refresh_from_db()
    assert claim.outcome == "approved"


def test_a_second_or_late_appeal_says_why_not() -> None:
    claim = make_claim()
    decide(claim, make_agent("ana"), 0)
    Claim.objects.update(closed_at=timezone.now() - timedelta(days=60))
    assert "No appeal: The time to appeal was over" in page_of(claim)
    Claim.objects.update(closed_at=timezone.now())
    appeals.appeal(claim, "Again", by="staff:ana")
    claim.refresh_from_db()
    decide(claim, make_agent("ben"), 0)
    assert "No appeal: This claim was appealed on" in page_of(claim)
    assert "appeal" not in buttons(claim)


def test_what_waits_is_reviewed_before_its_day_for_a_reason() -> None:
    claim, client = waiting(), agent_client()
    assert press(client, claim, "review_now", why_now=" ").status_code == 409
    assert press(client, claim, "review_now", why_now="A birthday").status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.override_reason) == ("in_review", "A birthday")


@pytest.mark.parametrize("verb, state, outcome", [
    ("arrived", "closed", "arrived"), ("not_arrived", "waiting", ""), ("withdraw", "closed", "withdrawn"),
])  # fmt: skip
def test_staff_note_what_the_customer_says(verb: str, state: str, outcome: str) -> None:
    claim = waiting()
    assert press(agent_client(), claim, verb).status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == (state, outcome)
    assert claim.order.journal.latest("id").by == "staff:ana"


def test_a_found_parcel_is_settled() -> None:
    claim = decide(make_claim(), make_agent("ben"))
    resolutions.start(claim.resolutions.get())
    assert "settle_found" not in buttons(claim)
    Claim.objects.update(found_open=True, found_at=timezone.now())
    assert "settle_found" in buttons(claim)
    client = agent_client()
    assert press(client, claim, "settle_found", found="burn").status_code == 409
    assert press(client, claim, "settle_found", found="return", found_note="Label sent").status_code == 302
    claim.refresh_from_db()
    assert not claim.found_open
    assert "The found parcel is settled: It is sent back. Label sent" in page_of(claim)


def replaced() -> Claim:
    claim = decide(make_claim(), make_agent("ben"))
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    resolutions.recognise(make_order(line("Teapot"), source_identifier=str(resolution.uuid)), by="shopify")
    return claim


def test_a_replacement_is_taken_back_from_the_page() -> None:
    claim, client = replaced(), agent_client()
    remedy = claim.resolutions.get().public_id
    assert "reverse" in buttons(claim)
    assert press(client, claim, "reverse", remedy=remedy, why_reverse="").status_code == 409
    assert press(client, claim, "reverse", remedy="res_other", why_reverse="Wrong").status_code == 409
    assert press(client, claim, "reverse", remedy=remedy, why_reverse="Wrong colour").status_code == 302
    assert Change.objects.get(reference=remedy).kind == "cancel"
    again = press(client, claim, "reverse", remedy=remedy, why_reverse="Wrong colour")
    assert again.status_code == 409
    assert "is not through yet" in again.content.decode()


def test_money_that_was_given_is_not_taken_back_and_the_page_says_so() -> None:
    claim = make_claim()
    client = agent_client()
    press(client, claim, "approve", **{f"remedy-{claim.items.get().pk}": "store_credit"})
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    resolutions.mark_executed(resolution, by="shopify")
    page = page_of(claim)
    assert "A store credit that was given cannot be taken back here; settle it at the shop." in page
    assert "reverse" not in buttons(claim)


@pytest.mark.parametrize("verb, ended", [("given", "executed"), ("not_given", "failed")])
def test_somebody_says_whether_a_remedy_in_doubt_was_given(verb: str, ended: str) -> None:
    claim = make_claim()
    client = agent_client()
    press(client, claim, "approve", **{f"remedy-{claim.items.get().pk}": "store_credit"})
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    resolutions.mark_in_doubt(resolution, "No answer came.", by="shopify")
    assert {"given", "not_given"} <= buttons(claim)
    assert "approve" not in buttons(claim)
    assert "Nobody knows yet whether the shop has done this: store credit. Look there first." in page_of(claim)
    assert press(client, claim, verb, remedy=resolution.public_id).status_code == 302
    assert Resolution.objects.get().state == ended


def test_a_stale_button_is_refused() -> None:
    claim, client = waiting(), agent_client()
    claim.refresh_from_db()
    stale = claim.version
    press(client, claim, "review_now", why_now="A birthday")
    for verb in ("arrived", "withdraw", "propose", "review_now", "reverse"):
        answer = press(client, claim, verb, version=stale, why_now="Again")
        assert "Someone changed this claim" in answer.content.decode(), verb


def test_a_proposal_in_words_names_all_it_gives() -> None:
    claim = make_claim(quantity=2)
    item = claim.items.get()
    parts = [
        ItemDecision(item, "approve", 1, otherwise=("refund",), note="Sorry"),
        ItemDecision(item, "deny", 1, reason_code="no_evidence"),
    ]
    proposing.propose(claim, parts, user=make_agent("ben"))
    page = page_of(claim)
    assert "1 × Teapot: replacement, else refund. Note: “Sorry”; 1 × Teapot: denied, no proof of the damage" in page
