"""Verdict and remedy for each unit: what may be mixed, what is recorded, and who may not decide."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.tests.at_once import at_once
from orders.models import UnitUse
from orders.tests.builders import line
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.models import Claim, Decision, Resolution
from protection.review import DecisionRefused, ItemDecision
from protection.tests.builders import line_of, make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, press

pytestmark = pytest.mark.django_db


def claim_of_six() -> Claim:
    order = make_covered_order(line("Cup", 6, price="5.00"))
    return filing.file_claim(
        order, reason="damaged", items=[ItemAsked(line_of(order, "Cup"), 6)], by="partner:tests", override_reason="test"
    )  # fmt: skip


def parts(claim: Claim, *rows: tuple[int, str, dict[str, Any]]) -> list[ItemDecision]:
    return [ItemDecision(claim.items.get(), verdict, quantity, **fields) for quantity, verdict, fields in rows]


def test_one_item_is_decided_in_parts_and_no_unit_twice() -> None:
    claim = claim_of_six()
    mixed = parts(
        claim,
        (1, "deny", {"reason_code": "delivered"}),
        (2, "approve", {}),
        (1, "approve", {"remedy": "refund"}),
        (1, "partial", {"remedy": "store_credit", "percent": Decimal(50), "reason_code": "other", "note": "Half"}),
        (1, "approve", {"remedy": "goodwill", "amount": Decimal(2)}),
    )
    claim = review.decide(claim, mixed, user=make_agent())
    rows = {(d.verdict, d.remedy): (d.units, (d.amount or {"shop": {"amount": ""}})["shop"]["amount"]) for d in
            Decision.objects.all()}  # fmt: skip
    assert rows == {
        ("approve", "replacement"): ([1, 2], ""), ("approve", "refund"): ([3], "5.00"),
        ("partial", "store_credit"): ([4], "2.50"), ("approve", "goodwill"): ([5], "2.00"), ("deny", "none"): ([6], ""),
    }  # fmt: skip
    assert claim.outcome == "partial"
    assert sorted(UnitUse.objects.values_list("unit", "kind")) == [
        (1, "replacement"), (2, "replacement"), (3, "refund"), (4, "credit"),
    ]  # fmt: skip
    assert set(Resolution.objects.values_list("kind", "state")) == {
        (kind, "queued") for kind in ("replacement", "refund", "store_credit", "goodwill")
    }


def test_a_decision_keeps_the_versions_it_was_taken_under() -> None:
    claim = make_claim(reason="damaged")
    review.decide(claim, parts(claim, (1, "approve", {"remedy": "refund"})), user=make_agent())
    decision = Decision.objects.get()
    assert decision.rule == claim.rule
    assert decision.plan_version == claim.order.coverage.plan_version


def test_with_shipping_and_fee_where_the_rule_says_so() -> None:
    claim = make_claim(make_covered_order(line("Teapot", 2)), quantity=2)
    if claim.rule is None:
        pytest.skip("there are no rules")
    claim.rule.pk, claim.rule.public_id = None, "rrl_test"
    claim.rule.number, claim.rule.pays_fee, claim.rule.shop = 99, True, claim.order.shop
    claim.rule.save()
    Claim.objects.update(rule=claim.rule)
    review.decide(claim, parts(claim, (2, "approve", {"remedy": "refund"})), user=make_agent())
    assert Decision.objects.get().amount["shop"]["amount"] == "81.00"  # and the fee of 1.00


def test_a_rule_may_approve_and_never_deny() -> None:
    claim = claim_of_six()
    half = parts(claim, (3, "approve", {"remedy": "refund", "reason_code": "delivered"}))
    with pytest.raises(DecisionRefused, match="Only a person denies"):
        review.decide(claim, half, user=None, by="rule:small")
    decided = review.decide(claim, parts(claim, (6, "approve", {"remedy": "refund"})), user=None, by="rule:small")
    assert decided.outcome == "approved"
    assert decided.order.journal.get(action="claim.decided").by == "rule:small"
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(verdict="deny", remedy="none", amount={})


def test_after_an_appeal_who_decided_before_may_not() -> None:
    claim, agent = claim_of_six(), make_agent()
    Claim.objects.update(not_again_by=[agent.pk])
    with pytest.raises(DecisionRefused) as refusal:
        review.decide(claim, parts(claim, (6, "approve", {})), user=agent)
    assert refusal.value.code == "not_again"


def test_a_closed_claim_with_nothing_open_is_not_decided_again() -> None:
    claim, agent = claim_of_six(), make_agent()
    review.decide(claim, parts(claim, (6, "approve", {"remedy": "refund"})), user=agent)
    Resolution.objects.update(state="executed", executed_at="2026-11-20T12:00:00Z")
    Claim.objects.update(state="in_review")
    with pytest.raises(DecisionRefused) as refusal:
        review.decide(claim, parts(claim, (6, "approve", {})), user=agent)
    assert refusal.value.code == "nothing_open"


@pytest.mark.django_db(transaction=True)
def test_two_claims_at_once_never_give_more_than_was_paid() -> None:
    order = make_covered_order(line("Teapot", 1), line("Cup", 1))
    agent = make_agent(limit=None)
    paid = Decimal(order.amounts["total"]["shop"]["amount"])
    claims = [make_claim(order, title=title, reason="damaged") for title in ("Teapot", "Cup")]
    whole = [
        partial(
            review.decide, claim,
            parts(claim, (1, "approve", {"remedy": "goodwill", "amount": paid, "paid_as": "store_credit"})), user=agent,
        )
        for claim in claims
    ]  # fmt: skip
    results = at_once(*whole)
    assert sorted(type(result).__name__ for result in results) == ["Claim", "DecisionRefused"]
    assert Resolution.objects.count() == 1


def test_the_page_decides_a_refund_with_an_amount() -> None:
    claim, client = make_claim(quantity=2), agent_client()
    item = claim.items.get().pk
    page = client.get(f"/admin/protection/claim/{claim.pk}/change/").content.decode()
    assert f'name="remedy-{item}"' in page
    answer = press(client, claim, "approve", **{f"remedy-{item}": "refund", f"amount-{item}": "much"})
    assert answer.status_code == 409
    assert "the amount must be a number" in answer.content.decode()
    assert press(client, claim, "approve", **{f"remedy-{item}": "refund", f"amount-{item}": "12.50"}).status_code == 302
    resolution = Resolution.objects.get()
    assert (resolution.kind, resolution.amount["shop"]["amount"]) == ("refund", "12.50")
    assert "Refund</strong> 12.50 USD" in client.get(f"/admin/protection/claim/{claim.pk}/change/").content.decode()


def test_the_page_allows_a_plan_b_in_the_customers_order() -> None:
    order = make_covered_order()
    wishes = filing.Wishes(choices=[{"remedy": "store_credit"}, {"remedy": "refund"}])
    claim = filing.file_claim(
        order, reason="damaged", items=[ItemAsked(line_of(order), 1)], by="partner:tests", override_reason="test",
        wishes=wishes,
    )  # fmt: skip
    client = agent_client()
    page = client.get(f"/admin/protection/claim/{claim.pk}/change/").content.decode()
    assert "If out of stock: store credit, else refund" in page
    press(client, claim, "approve", plan_b="on")
    assert Decision.objects.get().otherwise[:2] == ["store_credit", "refund"]
    assert Resolution.objects.get().lines[0]["otherwise"][:2] == ["store_credit", "refund"]
