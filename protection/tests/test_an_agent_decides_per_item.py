"""The decision on a claim: every item, its units, what they are worth, and everything that follows in one commit."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import Group, User

from backoffice.tests.at_once import at_once
from orders import entitlement
from orders.models import UnitUse
from orders.money import Money, MoneyBag
from orders.tests.builders import bag, line
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.models import ApprovalLimit, Claim, Decision, Resolution
from protection.models.claim import MoveRefused
from protection.review import DecisionRefused, ItemDecision
from protection.tests.builders import decide, line_of, make_agent, make_claim, make_covered_order

pytestmark = pytest.mark.django_db


def claim_of_two() -> Claim:
    """Two teapots and six cups, all lost."""
    order = make_covered_order(line("Teapot", 2), line("Cup", 6, price="5.00"))
    asked = [ItemAsked(line_of(order), 2), ItemAsked(line_of(order, "Cup"), 6)]
    return filing.file_claim(order, reason="lost", items=asked, by="partner:tests")


def verdicts(claim: Claim) -> list[tuple[str, str, int, str]]:
    rows = Decision.objects.filter(item__claim=claim, superseded=False)
    return [(row.item.line.title, row.verdict, row.quantity, row.remedy) for row in rows]


def refused(claim: Claim, decisions: Sequence[ItemDecision], user: User, words: str) -> None:
    """The decision is refused and nothing of it is left."""
    with pytest.raises(DecisionRefused, match=words):
        review.decide(claim, decisions, user=user)
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("in_review", "")
    assert not Decision.objects.exists()
    assert not Resolution.objects.exists()
    assert not UnitUse.objects.exists()


def test_all_approved() -> None:
    claim = decide(claim_of_two(), make_agent())
    assert (claim.state, claim.outcome, claim.next_actor) == ("decided", "approved", "system")
    assert verdicts(claim) == [("Teapot", "approve", 2, "replacement"), ("Cup", "approve", 6, "replacement")]
    resolution = claim.resolutions.get()
    assert (resolution.kind, resolution.state) == ("replacement", "queued")
    assert [(row["title"], row["quantity"], row["variant_id"]) for row in resolution.lines] == [
        ("Teapot", 2, 42), ("Cup", 6, 42),
    ]  # fmt: skip
    assert set(UnitUse.objects.values_list("kind", "reference")) == {("replacement", resolution.public_id)}
    assert UnitUse.objects.count() == 8


def test_some_units_approved_means_the_rest_denied() -> None:
    claim = decide(claim_of_two(), make_agent(), 1, 6)
    assert claim.outcome == "partial"
    assert verdicts(claim) == [
        ("Teapot", "approve", 1, "replacement"), ("Teapot", "deny", 1, "none"), ("Cup", "approve", 6, "replacement"),
    ]  # fmt: skip
    assert UnitUse.objects.count() == 7


def test_one_item_denied() -> None:
    claim = decide(claim_of_two(), make_agent(), 2, 0)
    assert (claim.state, claim.outcome) == ("decided", "partial")
    assert [row["title"] for row in claim.resolutions.get().lines] == ["Teapot"]


def test_all_denied_closes_the_claim_and_uses_nothing() -> None:
    claim = decide(claim_of_two(), make_agent(), 0, 0)
    assert (claim.state, claim.outcome) == ("closed", "denied")
    assert verdicts(claim) == [("Teapot", "deny", 2, "none"), ("Cup", "deny", 6, "none")]
    assert not claim.resolutions.exists()
    assert not UnitUse.objects.exists()


def test_the_decision_names_person_plan_reason_and_value() -> None:
    agent = make_agent()
    claim = decide(claim_of_two(), agent, 2, 0, reason="no_evidence")
    approved, denied = Decision.objects.all()
    version = claim.order.coverage.plan_version
    assert (approved.decided_by, approved.plan_version, approved.value["shop"]["amount"]) == (agent, version, "80.00")
    assert (denied.reason_code, denied.value["shop"]["amount"]) == ("no_evidence", "30.00")


def test_the_journal_tells_it_step_by_step() -> None:
    claim = decide(claim_of_two(), make_agent(), 1, 0)
    entries = list(claim.order.journal.filter(by="staff:ana").order_by("id"))
    assert [entry.action for entry in entries] == ["claim.decided", "resolution.queued"]
    facts = [(row["verdict"], row["quantity"], row["reason"]) for row in entries[0].facts["decisions"]]
    assert facts == [("approve", 1, ""), ("deny", 1, "no_evidence"), ("deny", 6, "no_evidence")]
    assert entries[1].facts["not_before"] == claim.resolutions.get().not_before.isoformat()


def test_a_denial_needs_a_reason() -> None:
    claim = make_claim()
    refused(claim, [ItemDecision(claim.items.get(), "deny", 1)], make_agent(), "needs a reason")


def test_every_item_must_be_decided_once() -> None:
    claim, other, agent = claim_of_two(), make_claim(make_covered_order()), make_agent()
    teapot, cup = (ItemDecision(item, "approve", item.quantity) for item in claim.items.all())
    foreign = ItemDecision(other.items.get(), "approve", 1)
    for decisions in ([], [teapot], [teapot, teapot], [teapot, foreign], [teapot, cup, foreign]):
        refused(claim, decisions, agent, "every item")
    refused(claim, [teapot, cup, cup], agent, "Cup: the quantities are more than 6")


@pytest.mark.parametrize("quantity", [0, -1, 3])
def test_the_quantity_must_be_one_that_was_claimed(quantity: int) -> None:
    claim = make_claim(quantity=2)
    refused(claim, [ItemDecision(claim.items.get(), "approve", quantity)], make_agent(), "from 1 to 2")


def test_there_are_two_verdicts() -> None:
    claim = make_claim()
    refused(claim, [ItemDecision(claim.items.get(), "maybe", 1)], make_agent(), "approve or deny")


@pytest.mark.parametrize("limit, allowed", [("39.99", False), ("40", True), (None, True), ("0", False)])
def test_an_agent_approves_up_to_the_limit(limit: str | None, allowed: bool) -> None:
    claim, agent = make_claim(), make_agent(limit=limit)
    decisions = [ItemDecision(claim.items.get(), "approve", 1)]
    if allowed:
        assert review.decide(claim, decisions, user=agent).outcome == "approved"
    else:
        refused(claim, decisions, agent, r"worth 40\.00 USD, your limit is .* Ask a lead")


def test_without_a_group_nothing_may_be_approved_but_anything_denied() -> None:
    claim, nobody = make_claim(), User.objects.create_user("ben")
    refused(claim, [ItemDecision(claim.items.get(), "approve", 1)], nobody, r"your limit is 0\.00 USD")
    assert decide(claim, nobody, 0).outcome == "denied"


def test_the_highest_limit_of_all_groups_counts() -> None:
    agent = make_agent(limit="10")
    lead = Group.objects.create(name="lead")
    ApprovalLimit.objects.create(group=lead, amount=Decimal("500"))
    agent.groups.add(lead)
    assert review.approval_limit(agent) == 500
    ApprovalLimit.objects.filter(group=lead).update(amount=None)
    assert review.approval_limit(agent) is None


def test_the_limit_is_for_the_claim_and_not_for_the_item() -> None:
    claim, agent = claim_of_two(), make_agent(limit="100")
    decisions = [ItemDecision(item, "approve", item.quantity) for item in claim.items.all()]
    refused(claim, decisions, agent, r"110\.00 USD")
    assert decide(claim, agent, 2, 4).outcome == "partial"


def test_the_value_is_what_was_paid_with_discount_and_tax() -> None:
    amounts = {"unit_price": bag("40.00"), "discount": bag("8.00"), "tax": bag("7.20")}
    amounts["discount"] = MoneyBag(Money(Decimal("8.00"), "USD"), Money(Decimal("900"), "JPY"))
    amounts["unit_price"] = MoneyBag(Money(Decimal("40.00"), "USD"), Money(Decimal("6000"), "JPY"))
    amounts["tax"] = MoneyBag(Money(Decimal("7.20"), "USD"), Money(Decimal("801"), "JPY"))
    order = make_covered_order(line("Teapot", 2, amounts=amounts), presentment_currency="JPY")
    claim = make_claim(order, quantity=2)
    decide(claim, make_agent(), 1)
    values = [row.value for row in Decision.objects.all()]
    assert [value["shop"] for value in values] == [{"amount": "39.60", "currency": "USD"}] * 2
    assert [value["presentment"]["amount"] for value in values] == ["5951", "5950"]  # together what was paid


@pytest.mark.parametrize("state", ["submitted", "waiting", "needs_info", "decided", "resolving"])
def test_only_a_claim_in_review_can_be_decided(state: str) -> None:
    claim, agent = make_claim(), make_agent()
    Claim.objects.update(state=state, eligible_at="2026-11-20T12:00:00Z")
    with pytest.raises(MoveRefused, match="only a claim in review"):
        decide(claim, agent)


def test_a_unit_that_was_refunded_meanwhile_cannot_be_approved() -> None:
    claim = make_claim(make_covered_order(line("Teapot", 1)))
    row = line_of(claim.order)
    entitlement.use_refunded(row, 1, reference="ref_9")
    with pytest.raises(DecisionRefused, match=r"unit 1 of 1 was already refunded \(ref_9"):
        decide(claim, make_agent())
    claim.refresh_from_db()
    assert claim.state == "in_review"
    assert not Decision.objects.exists()


def test_of_two_claimed_units_the_one_that_was_not_refunded_can_still_be_approved() -> None:
    claim = make_claim(make_covered_order(line("Teapot", 2)), quantity=2)
    entitlement.use_refunded(line_of(claim.order), 1, reference="ref_9")
    decide(claim, make_agent(), 1)
    assert set(UnitUse.objects.values_list("unit", "kind")) == {(1, "refund"), (2, "replacement")}


@pytest.mark.django_db(transaction=True)
def test_two_people_deciding_at_once_decide_once() -> None:
    claim = make_claim()
    users = [make_agent("ana"), make_agent("ben"), make_agent("cem")]
    results = at_once(*[partial(decide, claim, user) for user in users])
    assert sum(isinstance(result, Claim) for result in results) == 1
    assert sum(isinstance(result, MoveRefused) for result in results) == 2
    assert Resolution.objects.count() == UnitUse.objects.count() == Decision.objects.count() == 1
