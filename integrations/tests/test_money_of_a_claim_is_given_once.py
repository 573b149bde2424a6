"""From a decision to money at the shop: refund, store credit, gift card, goodwill, each once and never too much."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from integrations.tests.changing import home, sent
from integrations.tests.remedies import bought, carried_out, claimed, decided, line_of, part, remedy, told, used
from orders import changes
from orders.changes import ChangeRefused, carrying
from orders.models import Change, Refund
from protection import following, paying, proposing, reversing, review
from protection.review import DecisionRefused
from protection.tests.builders import make_agent
from protection.verdicts import ItemDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop_of_module, store):
    return bought(shop_of_module, store)


@pytest.fixture
def claim(order):
    return claimed(order)


def paid_for_mugs(order):
    amounts = line_of(order).amounts
    price, discount, tax = (Decimal(amounts[name]["shop"]["amount"]) for name in ("unit_price", "discount", "tax"))
    return price * line_of(order).quantity - discount + tax


def refunded(order):
    moved = [part for refund in Refund.objects.filter(order=order) for part in refund.transactions]
    return sum(Decimal(m["amount"]["shop"]["amount"]) for m in moved if m["status"] == "success")


def test_a_refund_pays_exactly_what_was_paid_for_the_units_and_closes_the_claim(store, door, order, claim):
    decided(claim, part(claim, remedy="refund"))
    assert {kind for kind, _ in used(order)} == {"refund"}
    carried_out(store, claim)
    resolution = remedy(claim)
    assert (resolution.state, resolution.failure, claim.state, claim.outcome) == ("executed", "", "closed", "approved")
    refund = Refund.objects.get(order=order)
    assert refunded(order) == paid_for_mugs(order) == Decimal(resolution.amount["shop"]["amount"])
    assert resolution.remote_reference == str(refund.remote_id)
    assert used(order) == [("refund", refund.public_id)] * 2  # the refund that came home took over its remedy's units
    assert door.mutations == ["refundCreate"]
    assert "entitlement.exceeded" not in told(order)
    assert resolution.cost == {
        "goods": None, "goods_at": None, "money": resolution.amount["shop"], "label": None, "duty": None,
    }  # fmt: skip


def test_each_unit_for_itself_comes_to_the_same_sum(store, door, order, claim):
    decided(claim, part(claim, 1, remedy="refund", reason_code="delivered"))
    carried_out(store, claim)
    assert (claim.state, claim.outcome) == ("closed", "partial")
    review.reopen(claim, "The other one is broken too", user=make_agent("ben"))
    decided(claim, part(claim, 1, remedy="refund"), username="cem")
    carried_out(store, claim)
    assert (claim.state, claim.outcome) == ("closed", "approved")
    assert refunded(order) == paid_for_mugs(order)
    assert door.mutations == ["refundCreate", "refundCreate"]


def test_a_part_of_the_money(store, door, order, claim):
    decided(claim, part(claim, verdict="partial", remedy="refund", percent=Decimal(25), reason_code="other"))
    carried_out(store, claim)
    assert (claim.state, claim.outcome) == ("closed", "partial")
    assert refunded(order) == (paid_for_mugs(order) / 4).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    "kind, mutation", [("store_credit", "storeCreditAccountCredit"), ("gift_card", "giftCardCreate")]
)
def test_credit_uses_the_units_up(store, door, order, claim, kind, mutation):
    decided(claim, part(claim, remedy=kind))
    carried_out(store, claim)
    resolution = remedy(claim)
    assert (resolution.state, resolution.failure, claim.state) == ("executed", "", "closed")
    assert resolution.remote_reference
    assert used(order) == [("credit", resolution.public_id)] * 2
    assert door.mutations == [mutation]
    with pytest.raises(ChangeRefused, match="already credited"):
        changes.refund(order, lines=[{"line_item": line_of(order).public_id, "quantity": 1}], by="staff:ben")


@pytest.mark.parametrize("paid_as, mutation", [
    ("", "refundCreate"), ("store_credit", "storeCreditAccountCredit"), ("gift_card", "giftCardCreate"),
])  # fmt: skip
def test_a_goodwill_amount_leaves_the_units_alone(store, door, order, claim, paid_as, mutation):
    decided(claim, part(claim, remedy="goodwill", amount=Decimal("5.00"), paid_as=paid_as))
    carried_out(store, claim)
    assert (remedy(claim).state, claim.state, claim.outcome) == ("executed", "closed", "approved")
    assert (used(order), door.mutations) == ([], [mutation])
    assert remedy(claim).amount["shop"]["amount"] == "5.00"


def test_what_is_handled_elsewhere_asks_the_shop_for_nothing(store, door, order, claim):
    decided(claim, part(claim, remedy="handled_elsewhere"))
    carried_out(store, claim)
    assert (remedy(claim).state, claim.state, door.mutations) == ("executed", "closed", [])
    assert len(used(order)) == 2


def test_one_claim_mixes_remedies(shop_of_module, store, door):
    order = bought(shop_of_module, store, 3, 1)
    claim = claimed(order)
    decided(
        claim, part(claim, 1), part(claim, 1, remedy="refund"),
        part(claim, 1, "FW-MUG", "deny", reason_code="delivered"),
        part(claim, 1, "FW-BOTTLE", remedy="store_credit"),
    )  # fmt: skip
    carried_out(store, claim)
    made = sorted(name for name in door.mutations if name != "metafieldDefinitionCreate")
    assert made == ["orderCreate", "refundCreate", "storeCreditAccountCredit"]
    assert {resolution.kind: resolution.state for resolution in claim.resolutions.all()} == {
        "replacement": "executed", "refund": "executed", "store_credit": "executed",
    }  # fmt: skip
    assert (claim.state, claim.outcome) == ("closed", "partial")
    assert sorted(kind for kind, _ in used(order)) == ["refund", "replacement"]


def test_in_the_time_to_undo_no_money_goes(settings, store, door, order, claim):
    settings.UNDO_SECONDS = 30
    decided(claim, part(claim, remedy="refund"))
    sent(store)
    review.undo(claim, user=make_agent("ben"))
    carried_out(store, claim, 2)
    assert (claim.state, door.mutations, used(order)) == ("in_review", [], [])
    assert not Change.objects.filter(order=order).exists()


def test_what_a_second_person_confirms_is_carried_out_as_it_was_proposed(store, door, order, claim):
    ana = make_agent("ana", "1")
    proposing.propose(claim, [part(claim, remedy="refund", note="Sorry")], user=ana)
    carried_out(store, claim)
    assert door.mutations == []  # nothing goes out before it is confirmed
    lea = User.objects.create_superuser("lea")
    proposing.confirm(claim, user=lea)
    carried_out(store, claim)
    assert (claim.state, claim.outcome, door.mutations) == ("closed", "approved", ["refundCreate"])
    assert refunded(order) == paid_for_mugs(order)


def test_what_the_shop_refuses_is_back_with_an_agent_and_frees_the_units(shop_of_module, store, door, order, claim):
    decided(claim, part(claim, remedy="refund"))
    every = [{"line_id": one.remote_id, "quantity": one.quantity} for one in order.lines.all()]
    shop_of_module.press(order.remote_id, "refund", lines=every, shipping=True)
    carried_out(store, claim)
    resolution = remedy(claim)
    assert (resolution.state, claim.state, claim.next_actor) == ("failed", "in_review", "agent")
    assert resolution.failure
    home(store, order.remote_id)
    with pytest.raises(DecisionRefused, match=r"already refunded|left to give"):
        decided(claim, part(claim, remedy="refund"), username="ben")
    [change] = Change.objects.filter(order=order)
    with pytest.raises(ChangeRefused) as refusal:
        changes.ask_again(change, by="staff:ben")
    assert refusal.value.code == "of_a_claim"


def test_a_lost_answer_pays_a_refund_once(store, door, order, claim):
    door.lose("refundCreate")
    decided(claim, part(claim, remedy="refund"))
    carried_out(store, claim, 2)
    assert (claim.state, door.mutations) == ("closed", ["refundCreate", "refundCreate"])
    assert refunded(order) == paid_for_mugs(order)


def test_of_a_credit_that_nobody_knows_of_somebody_must_look(store, door, order, claim):
    door.lose("storeCreditAccountCredit")
    decided(claim, part(claim, remedy="store_credit"))
    carried_out(store, claim, 2)
    resolution = remedy(claim)
    assert (resolution.state, claim.state, len(used(order))) == ("held", "in_review", 2)
    with pytest.raises(DecisionRefused, match="Look there first"):
        decided(claim, part(claim, remedy="refund"), username="ben")
    reversing.looked(resolution, given=True, user=make_agent("cem"))
    claim.refresh_from_db()
    assert (remedy(claim).state, claim.state, claim.outcome) == ("executed", "closed", "approved")
    assert door.mutations == ["storeCreditAccountCredit"]


def test_what_turns_out_not_to_be_given_is_decided_anew(store, door, order, claim):
    door.lose("storeCreditAccountCredit")
    decided(claim, part(claim, remedy="store_credit"))
    carried_out(store, claim, 2)
    reversing.looked(remedy(claim), given=False, user=make_agent("ben"))
    assert used(order) == []
    decided(claim, part(claim, remedy="refund"), username="cem")
    carried_out(store, claim)
    assert claim.state == "closed"
    with pytest.raises(DecisionRefused, match="no doubt"):
        reversing.looked(remedy(claim, "refund"), given=False, user=make_agent("dan"))


def test_a_process_that_was_killed_before_it_told_is_made_up_for_by_the_clock(store, order, claim):
    decided(claim, part(claim, remedy="store_credit"))
    resolution = remedy(claim)
    paying.pay(resolution)
    change = Change.objects.get(reference=resolution.public_id)
    carrying.done(change, by="shopify", transaction="77")
    assert following.follow_all() == 1
    claim.refresh_from_db()
    assert (remedy(claim).state, remedy(claim).remote_reference, claim.state) == ("executed", "77", "closed")
    assert following.follow_all() == 0


def test_a_change_that_was_given_up_fails_its_remedy(store, order, claim):
    decided(claim, part(claim, remedy="refund"))
    paying.pay(remedy(claim))
    changes.withdraw(Change.objects.get(order=order), by="staff:ben")
    following.follow_all()
    claim.refresh_from_db()
    assert (remedy(claim).state, claim.state, used(order)) == ("failed", "in_review", [])


def test_never_more_than_is_left_of_the_order(store, door, order, claim):
    left = changes.refundable(order).amount
    sent(store, changes.refund(order, amount=str(left - Decimal("1.00")), by="staff:ana"))
    with pytest.raises(DecisionRefused, match=r"at most 1\.00") as refusal:
        decided(claim, part(claim, verdict="partial", remedy="refund", amount=Decimal("1.01"), reason_code="other"))
    assert refusal.value.code == "too_much"
    decided(claim, part(claim, remedy="store_credit"), username="ben")
    carried_out(store, claim)
    assert remedy(claim).amount["shop"]["amount"] == "1.00"


def test_a_guest_gets_no_credit(shop_of_module, store):
    claim = claimed(bought(shop_of_module, store, customer=False))
    with pytest.raises(DecisionRefused) as refusal:
        decided(claim, part(claim, remedy="gift_card"))
    assert (refusal.value.code, refusal.value.pointer) == ("no_customer", "/items/0/remedy")


@pytest.mark.parametrize("fields, code", [
    ({"remedy": "cash"}, "invalid_remedy"),
    ({"remedy": "refund", "amount": Decimal("-1")}, "invalid_amount"),
    ({"remedy": "refund", "amount": Decimal("NaN")}, "invalid_amount"),
    ({"remedy": "refund", "amount": Decimal("1.001")}, "invalid_amount"),
    ({"remedy": "refund", "amount": Decimal(1), "percent": Decimal(1)}, "invalid_amount"),
    ({"remedy": "refund", "percent": Decimal(101)}, "invalid_percent"),
    ({"remedy": "refund", "percent": Decimal(0)}, "invalid_percent"),
    ({"remedy": "replacement", "amount": Decimal(1)}, "invalid_amount"),
    ({"remedy": "goodwill"}, "amount_needed"),
    ({"remedy": "goodwill", "amount": Decimal(1), "paid_as": "cash"}, "invalid_remedy"),
    ({"remedy": "refund", "variant_id": 5}, "invalid_variant"),
    ({"remedy": "refund", "otherwise": ("store_credit",)}, "invalid_otherwise"),
    ({"otherwise": ("goodwill",)}, "invalid_otherwise"),
    ({"verdict": "partial", "remedy": "refund", "reason_code": "other"}, "amount_needed"),
    ({"verdict": "deny", "reason_code": "other"}, "note_needed"),
    ({"verdict": "deny", "reason_code": "because"}, "invalid_reason"),
    ({"verdict": "deny", "reason_code": "delivered", "amount": Decimal(1)}, "invalid_remedy"),
    ({"remedy": "refund", "amount": Decimal(100000)}, "too_much"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(claim, fields, code):
    parts = [ItemDecision(**{"item": claim.items.get(), "verdict": "approve", "quantity": 2, **fields})]
    with pytest.raises(DecisionRefused) as refusal:
        decided(claim, *parts)
    assert refusal.value.code == code
    assert refusal.value.pointer.startswith("/items/0/")
    assert not claim.resolutions.exists()
