"""Filing a claim: what is covered is taken in, everything else is refused with a code, a sentence and the field."""

from dataclasses import replace

import pytest

from orders import entitlement
from orders.models import UnitUse
from orders.snapshot import LineSnapshot
from orders.tests.builders import apply, fee_line, later, line, make_order, snapshot
from protection import coverage, filing
from protection.eligibility import ClaimRefused, ItemAsked
from protection.models import Claim, ClaimUnit, Coverage
from protection.tests.builders import line_of, make_agent, make_claim, make_covered_order, make_plan, make_resolution

pytestmark = pytest.mark.django_db


def refusal(order: object, *asked: ItemAsked, override: str = "") -> tuple[str, str, str]:
    """(code, pointer, sentence) of a refused claim, of which nothing is left."""
    before = Claim.objects.count()
    with pytest.raises(ClaimRefused) as caught:
        filing.file_claim(order, reason="lost", items=asked, by="partner:tests", override_reason=override)  # type: ignore[arg-type]
    assert Claim.objects.count() == before
    return caught.value.code, caught.value.pointer, str(caught.value)


def test_a_covered_order_gets_its_claim_before_an_agent() -> None:
    order = make_covered_order(line("Teapot", 3), line("Cup", 6))
    asked = [ItemAsked(line_of(order), 2), ItemAsked(line_of(order, "Cup"), 6)]
    claim = filing.file_claim(
        order, reason="damaged", items=asked, by="partner:tests", description="In pieces", source="con_1"
    )
    assert (claim.state, claim.next_actor, claim.filed_by, claim.description) == (
        "in_review", "agent", "partner:tests", "In pieces",
    )  # fmt: skip
    assert list(ClaimUnit.objects.values_list("line__title", "unit")) == [
        ("Teapot", 1), ("Teapot", 2), *[("Cup", n) for n in range(1, 7)],
    ]  # fmt: skip
    submitted, in_review = order.journal.filter(subject=claim.public_id).order_by("id")
    assert (submitted.action, submitted.by, submitted.source) == ("claim.submitted", "partner:tests", "con_1")
    assert submitted.facts["items"] == {line_of(order).public_id: 2, line_of(order, "Cup").public_id: 6}
    assert (in_review.action, in_review.by) == ("claim.in_review", "system")


def test_an_order_without_protection() -> None:
    order = make_order()
    code, pointer, sentence = refusal(order, ItemAsked(order.lines.get(), 1))
    assert (code, pointer) == ("not_covered", "/order")
    assert "no delivery guarantee" in sentence


@pytest.mark.parametrize("status", ["expired", "void", "removed"])
def test_protection_that_is_no_longer_in_force(status: str) -> None:
    order = make_covered_order()
    Coverage.objects.update(status=status)
    code, pointer, sentence = refusal(order, ItemAsked(line_of(order), 1))
    assert (code, pointer) == ("not_covered", "/order")
    assert status in sentence


def test_nothing_asked_for() -> None:
    assert refusal(make_covered_order())[:2] == ("no_items", "/items")


def test_the_fee_itself() -> None:
    order = make_covered_order()
    asked = ItemAsked(line_of(order, "Delivery guarantee"), 1)
    assert refusal(order, ItemAsked(line_of(order), 1), asked)[:2] == ("fee_line", "/items/1")


@pytest.mark.parametrize(
    "extra, code", [(line("Extra", tip=True), "tip_line"), (line("Extra", gift_card=True), "gift_card_line")]
)
def test_what_was_never_sent(extra: LineSnapshot, code: str) -> None:
    order = make_covered_order(line("Teapot"), extra)
    assert refusal(order, ItemAsked(line_of(order, "Extra"), 1))[:2] == (code, "/items/0")


@pytest.mark.parametrize("quantity", [0, -1, 3, 10**9])
def test_a_quantity_that_was_not_bought(quantity: int) -> None:
    order = make_covered_order(line("Teapot", 2))
    assert refusal(order, ItemAsked(line_of(order), quantity))[:2] == ("invalid_quantity", "/items/0/quantity")


def test_a_line_of_another_order() -> None:
    order, other = make_covered_order(), make_covered_order()
    assert refusal(order, ItemAsked(line_of(other), 1))[:2] == ("unknown_line", "/items/0/line_item")


@pytest.mark.parametrize("bought", [1, 2, 5])
def test_an_item_that_is_named_twice(bought: int) -> None:
    order = make_covered_order(line("Teapot", bought))
    asked = ItemAsked(line_of(order), 1)
    code, pointer, sentence = refusal(order, asked, asked)
    assert (code, pointer) == ("duplicate_item", "/items/1")
    assert "named twice" in sentence


def test_units_that_are_in_an_open_claim_already() -> None:
    order = make_covered_order(line("Teapot", 2))
    first = make_claim(order, quantity=1)
    code, pointer, sentence = refusal(order, ItemAsked(line_of(order), 2))
    assert (code, pointer) == ("already_claimed", "/items/0/quantity")
    assert first.public_id in sentence
    second = make_claim(order, quantity=1)  # the other unit is free
    assert list(second.items.get().units.values_list("unit", flat=True)) == [2]


def test_units_of_a_closed_claim_may_be_claimed_again() -> None:
    order = make_covered_order(line("Teapot", 1))
    filing.withdraw(make_claim(order), by="partner:tests")
    assert make_claim(order).state == "in_review"


@pytest.mark.parametrize("kind, word", [("refund", "refunded"), ("replacement", "replaced"), ("credit", "credited")])
def test_units_that_were_paid_for_already(kind: str, word: str) -> None:
    order = make_covered_order(line("Teapot", 2))
    entitlement.use_units(line_of(order), [1, 2], kind=kind, reference="ref_1")
    code, pointer, sentence = refusal(order, ItemAsked(line_of(order), 1))
    assert (code, pointer) == ("unit_already_used", "/items/0/quantity")
    assert f"unit 1 of 2 was already {word} (ref_1" in sentence


def test_units_that_were_taken_off_the_order_before_it_was_sent() -> None:
    make_plan()
    teapot = line("Teapot", 3)
    seen = snapshot(teapot, fee_line())
    coverage.refresh(apply(seen).order, by="shopify")
    fewer = replace(teapot, current_quantity=1)
    order = apply(replace(seen, lines=[fewer, seen.lines[1]], updated_at=later())).order
    assert refusal(order, ItemAsked(line_of(order), 2))[:2] == ("removed_from_order", "/items/0/quantity")
    assert make_claim(order, quantity=1).state == "in_review"
    assert refusal(order, ItemAsked(line_of(order), 1))[:2] == ("already_claimed", "/items/0/quantity")


def test_a_refunded_unit_is_not_counted_as_taken_off_as_well() -> None:
    order = make_covered_order(line("Teapot", 3, current_quantity=2))
    entitlement.use_refunded(line_of(order), 1, reference="ref_1")
    assert make_claim(order, quantity=2).state == "in_review"


def test_staff_may_let_in_what_coverage_refuses_and_it_stays_on_record() -> None:
    order = make_order()
    asked = [ItemAsked(order.lines.get(), 1)]
    claim = filing.file_claim(order, reason="lost", items=asked, by="staff:ana", override_reason="A regular since 2019")
    assert claim.override_reason == "A regular since 2019"
    facts = order.journal.get(action="claim.submitted").facts
    assert facts["override_reason"] == "A regular since 2019"


def test_staff_cannot_let_in_a_unit_that_was_paid_for() -> None:
    make_agent()
    order = make_covered_order(line("Teapot", 1))
    make_resolution(make_claim(order))
    Claim.objects.update(state="closed", closed_at="2026-11-20T12:00:00Z")
    ClaimUnit.objects.update(open=False)
    assert refusal(order, ItemAsked(line_of(order), 1), override="please")[0] == "unit_already_used"
    assert UnitUse.objects.count() == 1


def test_a_refused_claim_journals_nothing() -> None:
    order = make_covered_order()
    before = order.journal.count()
    refusal(order, ItemAsked(line_of(order), 1), ItemAsked(line_of(order, "Delivery guarantee"), 1))
    assert order.journal.count() == before
    assert not ClaimUnit.objects.exists()
