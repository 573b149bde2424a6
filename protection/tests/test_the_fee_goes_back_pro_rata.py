"""Covered goods taken off before dispatch: their share of the fee is due back, once, and never more than was paid."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from backoffice.console.roles import ensure_roles
from backoffice.tests.builders import api, assert_problem
from orders import changes
from orders.changes import ChangeRefused, carrying
from orders.intake import Origin, apply_fulfillment
from orders.journal import record
from orders.models import Change
from orders.money import Money, MoneyBag
from orders.snapshot import FulfillmentSnapshot, LineSnapshot, OrderSnapshot, QuantityOfLine
from orders.tests.builders import apply, bag, fee_line, later, line, make_shop, next_id, snapshot
from protection import afterwards, coverage, fee_refunds, fees, following
from protection.models import Coverage, FeeRefund
from protection.money_left import left_of
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order, make_plan
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db


def seen(order: OrderSnapshot, minutes: float = 0, **current: int) -> Coverage:
    """The order comes by with these quantities left of its lines (by title), at that minute."""
    lines = [replace(row, current_quantity=current.get(row.title, row.current_quantity)) for row in order.lines or []]
    with transaction.atomic():
        row = apply(replace(order, lines=lines, updated_at=later(minutes))).order
        found = coverage.refresh(row, by="shopify")
    assert found is not None
    return found


def bought(*lines: LineSnapshot, fee: str = "1.00", **fields: Any) -> OrderSnapshot:
    return snapshot(*(lines or (line("Teapot", 2), line("Cup", 1, price="20.00"))), fee_line(fee), **fields)


def part_of(found: Coverage) -> FeeRefund:
    return found.fee_refunds.get()


def due(found: Coverage) -> list[tuple[str, str]]:
    return [(part.state, part.amount["presentment"]["amount"]) for part in found.fee_refunds.all()]


def carried_out(change: Change) -> None:
    carrying.done(change, by="shopify", refund="77")
    following.follow(change.public_id)


@pytest.fixture
def plan():
    return make_plan()


def test_the_share_of_the_value_that_is_gone_is_the_share_of_the_fee(plan) -> None:
    order = bought()
    assert due(seen(order)) == []
    found = seen(order, 1, Teapot=1)  # 40 of 100
    assert due(found) == [("proposed", "0.40")]
    part = part_of(found)
    assert (part.removed["shop"]["amount"], part.covered["shop"]["amount"]) == ("40.00", "100.00")
    entry = found.order.journal.latest("id")
    assert (entry.action, entry.subject, entry.facts["amount"]) == (
        "fee_refund.proposed", part.public_id, part.amount,
    )  # fmt: skip
    assert not Change.objects.exists()


def test_the_same_order_again_proposes_nothing_more(plan) -> None:
    order = bought()
    seen(order)
    for minute in (1, 2, 3):
        found = seen(order, minute, Teapot=1)
        coverage.refresh(found.order, by="shopify")
    assert due(found) == [("proposed", "0.40")]
    assert found.order.journal.filter(action="fee_refund.proposed").count() == 1


def test_more_that_is_taken_off_joins_what_waits(plan) -> None:
    order = bought()
    seen(order)
    seen(order, 1, Teapot=1)
    found = seen(order, 2, Teapot=0)
    assert due(found) == [("proposed", "0.80")]


def test_what_was_given_is_not_given_again(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    change = fee_refunds.give(part_of(found), by="staff:lea")
    assert (change.kind, change.wanted["amount"], change.wanted["lines"]) == ("refund", "0.40", [])
    assert due(seen(order, 2, Teapot=0)) == [("asked", "0.40")]  # the rest waits until this one is through
    carried_out(change)
    found.refresh_from_db()
    assert due(found) == [("paid", "0.40"), ("proposed", "0.40")]
    with pytest.raises(ChangeRefused) as refusal:
        fee_refunds.give(found.fee_refunds.order_by("id")[0], by="staff:lea")
    assert refusal.value.code == "wrong_state"


def test_when_nothing_covered_is_left_the_fees_line_itself_goes_back(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    carried_out(fee_refunds.give(part_of(found), by="staff:lea"))
    found = seen(order, 2, Teapot=0, Cup=0)
    part = found.fee_refunds.last()
    assert part is not None
    assert (part.whole, part.amount["shop"]["amount"]) == (True, "0.60")
    change = fee_refunds.give(part, by="staff:lea")
    fee = found.order.lines.get(sku="PROTECT")
    assert change.wanted["lines"] == [{"line": str(fee.remote_id), "quantity": 1, "restock": "none"}]
    assert change.wanted["amount"] == "0.60"


@pytest.mark.parametrize("amounts, currency, expected", [
    ((("1.00", "USD"), ("155", "JPY")), "JPY", ("0.33", "52")),
    ((("1.00", "USD"), ("0.307", "KWD")), "KWD", ("0.33", "0.102")),
    ((("0.01", "USD"), ("2", "JPY")), "JPY", ("0.00", "1")),
])  # fmt: skip
def test_each_currency_is_rounded_to_what_can_be_paid(plan, amounts, currency, expected) -> None:
    def paid(amount: str) -> dict[str, MoneyBag]:
        price = MoneyBag(Money(Decimal(amount), "USD"), Money(Decimal(amount) * 100, currency))
        nothing = MoneyBag(Money(Decimal(0), "USD"), Money(Decimal(0), currency))
        return {"unit_price": price, "discount": nothing, "tax": nothing}

    fee = {**paid("0"), "unit_price": MoneyBag(*(Money(Decimal(amount), name) for amount, name in amounts))}
    total = MoneyBag(Money(Decimal(31), "USD"), Money(Decimal(3100), currency))
    order = snapshot(
        line("Teapot", 3, amounts=paid("10")), replace(fee_line(), amounts=fee), presentment_currency=currency,
        amounts={"total": total},
    )  # fmt: skip
    seen(order)
    part = part_of(seen(order, 1, Teapot=2))
    assert (part.amount["shop"]["amount"], part.amount["presentment"]["amount"]) == expected


def test_discounts_count_as_they_were_paid(plan) -> None:
    halved = {"unit_price": bag("40.00"), "discount": bag("60.00"), "tax": bag("0")}
    order = bought(line("Teapot", 2, amounts=halved), line("Cup", 1, price="20.00"))
    seen(order)
    assert due(seen(order, 1, Cup=0)) == [("proposed", "0.50")]


def test_what_is_made_up_for_before_it_was_given_is_due_no_more(plan) -> None:
    order = bought()
    seen(order)
    seen(order, 1, Teapot=1)
    swapped = replace(order, lines=[*(order.lines or []), line("Jug", 1, price="40.00")])
    found = seen(swapped, 2, Teapot=1)
    assert due(found) == [("dropped", "0.00")]
    assert due(seen(swapped, 3, Teapot=1, Jug=0)) == [("dropped", "0.00"), ("proposed", "0.40")]


def test_what_was_taken_off_before_protection_was_chosen_gives_nothing_back() -> None:
    make_plan(fee_variant_ids=[99])
    order = snapshot(line("Teapot", 2), line("Cup", 1, price="20.00"))
    lines = [replace(row, current_quantity=1) for row in order.lines or []]
    row = apply(replace(order, lines=lines, updated_at=later())).order
    afterwards.add(row, {"how": "order status page"}, by="partner:acme")
    assert due(seen(replace(order, lines=[*lines, fee_line()]), 2)) == []


def test_what_the_plan_leaves_out_does_not_count() -> None:
    make_plan(excluded_skus=["CUP"])
    order = bought(line("Teapot", 2), line("Cup"), line("Song", requires_shipping=False))
    seen(order)
    assert due(seen(order, 1, Cup=0, Song=0)) == []
    assert due(seen(order, 2, Cup=0, Song=0, Teapot=1)) == [("proposed", "0.50")]


def test_an_exchange_for_something_as_dear_gives_nothing_back(plan) -> None:
    order = bought()
    seen(order)
    swapped = replace(order, lines=[*(order.lines or []), line("Jug", 1, price="40.00")])
    assert due(seen(swapped, 1, Teapot=1)) == []
    other = bought()
    seen(other)
    cheaper = replace(other, lines=[*(other.lines or []), line("Jug", 1, price="10.00")])
    assert due(seen(cheaper, 1, Teapot=1)) == [("proposed", "0.30")]


def test_nothing_is_due_once_a_parcel_was_sent(plan) -> None:
    order = bought()
    found = seen(order)
    row = found.order
    parcel = FulfillmentSnapshot(next_id(), "success", [QuantityOfLine(row.lines.get(title="Cup").remote_id, 1)])
    apply_fulfillment(row.shop, row.remote_id, parcel, Origin(by="shopify"))
    assert due(seen(order, 1, Teapot=1)) == []


def test_what_was_due_before_the_parcel_stays_due(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    row = found.order
    parcel = FulfillmentSnapshot(next_id(), "success", [QuantityOfLine(row.lines.get(title="Cup").remote_id, 1)])
    apply_fulfillment(row.shop, row.remote_id, parcel, Origin(by="shopify"))
    assert due(seen(order, 2, Teapot=1)) == [("proposed", "0.40")]
    assert due(seen(order, 3, Teapot=0)) == [("proposed", "0.40")]
    assert fee_refunds.give(part_of(found), by="staff:lea").wanted["amount"] == "0.40"


def test_nothing_is_due_once_a_claim_was_approved(plan) -> None:
    order = bought()
    found = seen(order)
    claim = make_claim(found.order)
    decide(claim, make_agent())
    found = seen(order, 1, Cup=0)
    assert due(found) == []


def test_a_proposal_is_not_given_once_a_claim_was_approved(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Cup=0)
    decide(make_claim(found.order), make_agent())
    with pytest.raises(ChangeRefused) as refusal:
        fee_refunds.give(part_of(found), by="staff:lea")
    assert refusal.value.code == "claim_approved"


def test_a_fee_that_went_back_whole_leaves_nothing_due(plan) -> None:
    order = bought()
    seen(order)
    seen(order, 1, Teapot=1)
    found = seen(order, 2, Teapot=1, **{"Delivery guarantee": 0})
    assert due(found) == [("dropped", "0.40")]
    assert found.status == "removed"


def test_the_whole_fee_goes_back_less_the_parts_that_went_before(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    change = fee_refunds.give(part_of(found), by="staff:lea")
    with pytest.raises(ChangeRefused) as refusal:
        fees.refund_fee(found, by="staff:lea")
    assert refusal.value.code == "part_under_way"
    carried_out(change)
    rest = fees.refund_fee(found, by="staff:lea")
    assert (rest.wanted["amount"], len(rest.wanted["lines"])) == ("0.60", 1)


def test_no_part_is_given_while_the_whole_fee_is_on_its_way_back(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    change = fees.refund_fee(found, by="staff:lea")
    with pytest.raises(ChangeRefused) as refusal:
        fee_refunds.give(part_of(found), by="staff:lea")
    assert refusal.value.code == "fee_under_way"
    carrying.failed(change, "No such payment.", by="shopify")
    assert fee_refunds.give(part_of(found), by="staff:lea").wanted["amount"] == "0.40"


def test_a_fee_that_is_paid_anew_owes_nothing_to_parts_of_the_old_one(plan) -> None:
    order = bought()
    seen(order)
    carried_out(fee_refunds.give(part_of(seen(order, 1, Teapot=1)), by="staff:lea"))
    off = [replace(row, current_quantity=0 if row.sku == "PROTECT" else 1) for row in order.lines or []]
    seen(replace(order, lines=off), 2)
    found = seen(replace(order, lines=[*off, fee_line("0.60")]), 3)
    assert (found.status, fees.refund_fee(found, by="staff:lea").wanted.get("amount", "0.60")) == ("inactive", "0.60")


def test_what_is_dropped_is_not_proposed_again(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    with pytest.raises(ChangeRefused):
        fee_refunds.drop(part_of(found), " ", by="staff:lea")
    fee_refunds.drop(part_of(found), "Agreed with her", by="staff:lea")
    assert due(seen(order, 2, Teapot=1)) == [("dropped", "0.40")]
    assert due(seen(order, 3, Teapot=0)) == [("dropped", "0.40"), ("proposed", "0.40")]


def test_what_the_shop_refuses_is_with_staff_again(plan) -> None:
    order = bought()
    seen(order)
    part = part_of(seen(order, 1, Teapot=1))
    change = fee_refunds.give(part, by="staff:lea")
    carrying.failed(change, "No such payment.", by="shopify")
    following.follow(change.public_id)
    part.refresh_from_db()
    assert (part.state, part.failure) == ("proposed", "No such payment.")
    again = fee_refunds.give(part, by="staff:lea")
    carrying.done(again, by="shopify", refund="77")
    following.follow(change.public_id)  # told late, of the first
    part.refresh_from_db()
    assert part.state == "asked"
    following.follow_all()  # whoever sent the second was killed before it told
    part.refresh_from_db()
    assert (part.state, part.failure) == ("paid", "")


def test_a_plan_may_give_it_back_by_itself_once() -> None:
    make_plan(pro_rata="automatic")
    order = bought()
    seen(order)
    for minute in (1, 2, 3):
        found = seen(order, minute, Teapot=1)
    assert due(found) == [("asked", "0.40")]
    change = Change.objects.get()
    assert (change.by, change.reference) == ("system", part_of(found).public_id)


def test_what_cannot_be_given_by_itself_is_left_to_staff() -> None:
    make_plan(pro_rata="automatic")
    order = bought(amounts={"total": bag("0.10")})  # paid by a gift, say
    seen(order)
    part = part_of(seen(order, 1, Teapot=1))
    assert part.state == "proposed"
    assert "At most 0.10 USD" in part.failure
    assert not Change.objects.exists()


def test_a_plan_may_give_nothing_back() -> None:
    make_plan(pro_rata="never")
    order = bought()
    seen(order)
    assert due(seen(order, 1, Teapot=1)) == []


def test_what_was_taken_off_before_the_order_was_known_counts(plan) -> None:
    order = bought()
    assert due(seen(order, 0, Teapot=1)) == [("proposed", "0.40")]


def test_an_order_of_the_past_was_settled_then(plan) -> None:
    order = replace(bought(), lines=[line("Teapot", 2, current_quantity=1), fee_line()])
    with transaction.atomic():
        row = apply(order).order
        record("order.imported", shop=row.shop, order=row, by="shopify")
        found = coverage.refresh(row, by="shopify")
    assert found is not None
    assert due(found) == []


def test_money_on_its_way_is_not_promised_twice(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    before = left_of(found.order).shop.amount
    fee_refunds.give(part_of(found), by="staff:lea")
    assert left_of(found.order).shop.amount == before - Decimal("0.40")


def test_the_database_keeps_one_open_part_of_a_fee(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    with pytest.raises(IntegrityError, match="one_open_fee_refund"), transaction.atomic():
        FeeRefund.objects.create(coverage=found, amount=bag("1").as_json())


def lead() -> Client:
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client()
    client.force_login(user)
    return client


def test_a_lead_decides_it_in_the_console_and_an_agent_sees_it(plan) -> None:
    order = bought()
    seen(order)
    part = part_of(seen(order, 1, Teapot=1))
    path, order_page = (
        f"/admin/protection/feerefund/{part.pk}/change/",
        f"/admin/orders/order/{part.coverage.order_id}/change/",
    )
    agent, lea = agent_client(), lead()
    assert "0.40 USD of the fee due back" in agent.get(order_page).content.decode()
    page = agent.get(path).content.decode()
    assert "40.00 USD of 100.00 USD, 40%, before anything was sent" in page
    assert 'value="give"' not in page
    assert agent.post(path, {"verb": "give"}).status_code == 403
    assert lea.post(path, {"verb": "drop", "why": " "}).status_code == 409
    assert lea.post(path, {"verb": "give"}).status_code == 302
    assert "0.40 USD of the fee on its way back" in lea.get(order_page).content.decode()
    assert lea.post(path, {"verb": "drop", "why": "No"}).status_code == 409


def test_many_are_given_back_from_the_list(plan) -> None:
    parts = []
    for _ in range(2):
        order = bought()
        seen(order)
        parts.append(part_of(seen(order, 1, Teapot=1)))
    lea = lead()
    assert lea.get("/admin/protection/feerefund/").content.decode().count("0.40 USD") == 2
    posted = {"action": "give_back", "_selected_action": [part.pk for part in parts]}
    assert "asked to pay 2 back" in lea.post("/admin/protection/feerefund/", posted, follow=True).content.decode()
    assert Change.objects.count() == 2


def test_partners_see_it_and_decide_it_with_the_scope_for_money(plan) -> None:
    order = bought()
    seen(order)
    found = seen(order, 1, Teapot=1)
    part = part_of(found)
    shown = api().get(f"/v1/orders/{found.order.public_id}/protection").json()["coverage"]["fee_refunds"]
    assert [(one["id"], one["status"], one["amount"]["shop"]["amount"]) for one in shown] == [
        (part.public_id, "proposed", "0.40"),
    ]  # fmt: skip
    path = f"/v1/fee_refunds/{part.public_id}"
    assert_problem(api("orders:read", "orders:write").post(f"{path}/give", {}), 403, "missing_scope")
    make_shop("other.myshopify.com")
    assert_problem(api(shop="other.myshopify.com").post(f"{path}/give", {}), 404, "not_found")
    assert_problem(api().post(f"{path}/drop", {"why": ""}), 400, "invalid_request", "/why")
    answer = api().post(f"{path}/give", {})
    assert (answer.status_code, answer.json()["kind"]) == (202, "refund")
    assert_problem(api().post(f"{path}/give", {}), 409, "wrong_state")
    assert_problem(api().post(f"{path}/drop", {"why": "No"}), 409, "wrong_state")


def test_an_order_without_removals_asks_the_database_nothing(plan, django_assert_num_queries) -> None:
    found = make_covered_order().coverage
    lines = list(found.order.lines.all())
    with django_assert_num_queries(0):
        fee_refunds.look(found, lines)


def test_a_change_that_is_nobodys_part_is_left_alone(plan) -> None:
    order = bought()
    found = seen(order)
    change = changes.refund(found.order, amount="1.00", by="staff:lea", reference="res_other")
    carrying.done(change, by="shopify")
    fee_refunds.ended(change)
    assert not FeeRefund.objects.exists()
