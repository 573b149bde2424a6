"""Protection added to an order, or taken off again, by a partner: before dispatch, with the customer's choice."""

import json
from dataclasses import replace
from typing import Any

import pytest

from backoffice.tests.builders import Api, api, assert_problem
from orders.changes import carrying
from orders.intake import Origin, apply_fulfillment
from orders.models import Change, Order
from orders.snapshot import FulfillmentSnapshot
from orders.tests.builders import NOON, apply, fee_line, later, line, make_order, next_id, snapshot
from protection import coverage
from protection.models import Consent, LaterChoice
from protection.tests.builders import make_covered_order, make_plan

pytestmark = pytest.mark.django_db
CONSENT = {"how": "order status page", "default_on": False, "shown_text_version": "2026-11", "price": "1.00 USD"}


@pytest.fixture
def partner() -> Api:
    return api("orders:read", "orders:write", "refunds:write")


def add(partner: Api, order: Order, **fields: Any) -> Any:
    return partner.post(f"/v1/orders/{order.public_id}/protection", {"consent": CONSENT, **fields})


def take_off(partner: Api, order: Order) -> Any:
    return partner.send("DELETE", f"/v1/orders/{order.public_id}/protection")


def send_a_parcel(order: Order) -> None:
    part = [{"line": order.lines.first().remote_id, "quantity": 1}]  # type: ignore[union-attr]
    parcel = FulfillmentSnapshot(next_id(), "success", [], created_at=NOON, updated_at=NOON)
    apply_fulfillment(order.shop, order.remote_id, parcel, Origin(by="shopify"))
    order.fulfillments.update(lines=part)


def test_the_fee_is_added_at_the_shop(partner: Api) -> None:
    make_plan(fee_variant_ids=[99])
    order = make_order()
    answer = add(partner, order)
    assert answer.status_code == 202
    change = Change.objects.get()
    assert (answer.json()["id"], change.kind, change.by) == (change.public_id, "edit", "partner:acme")
    assert change.wanted["add"] == [{"variant_id": "99", "quantity": 1}]
    assert LaterChoice.objects.get().receipt["how"] == "order status page"
    assert not hasattr(order, "coverage")  # the order's own lines decide, once it comes home


@pytest.mark.parametrize("told", [True, False])
def test_it_is_covered_with_the_customers_choice_once_the_order_comes_home(partner: Api, told: bool) -> None:
    make_plan(fee_variant_ids=[99])
    seen = snapshot(line())
    order = apply(seen).order
    add(partner, order)
    if told:
        carrying.done(Change.objects.get(), by="shopify")
    again = apply(replace(seen, lines=[*seen.lines, fee_line()], updated_at=later())).order
    found = coverage.refresh(again, by="shopify")
    assert found is not None
    assert found.status == "inactive"
    consent = Consent.objects.get(coverage=found)
    assert (consent.how, consent.default_on, consent.text_version) == ("order status page", False, "2026-11")
    assert consent.given_at


def test_what_was_chosen_later_counts_before_what_the_cart_said(partner: Api) -> None:
    make_plan(fee_variant_ids=[99])
    declined = {"name": "protection_consent", "value": json.dumps({"how": "declined in the cart"})}
    seen = snapshot(line(), attributes=[declined])
    add(partner, apply(seen).order)
    again = apply(replace(seen, lines=[*seen.lines, fee_line()], updated_at=later())).order
    coverage.refresh(again, by="shopify")
    assert Consent.objects.get().how == "order status page"


def test_a_choice_whose_change_came_to_nothing_is_no_consent(partner: Api) -> None:
    make_plan(fee_variant_ids=[99])
    seen = snapshot(line())
    order = apply(seen).order
    add(partner, order)
    carrying.failed(Change.objects.get(), "Refused.", by="shopify")
    again = apply(replace(seen, lines=[*seen.lines, fee_line()], updated_at=later())).order
    coverage.refresh(again, by="shopify")
    assert not Consent.objects.exists()


def test_of_several_variants_one_is_named(partner: Api) -> None:
    make_plan(fee_variant_ids=[98, 99])
    order = make_order()
    assert_problem(add(partner, order), 422, "variant_needed", "/variant_id")
    assert_problem(add(partner, order, variant_id=77), 422, "unknown_variant", "/variant_id")
    assert add(partner, order, variant_id=98).status_code == 202


def test_it_is_asked_for_once(partner: Api) -> None:
    make_plan(fee_variant_ids=[99])
    order = make_order()
    assert add(partner, order).status_code == 202
    assert_problem(add(partner, order), 409, "change_waiting")
    assert LaterChoice.objects.count() == 1


def test_what_cannot_be_covered_says_why(partner: Api) -> None:
    assert_problem(add(partner, make_order()), 422, "no_plan")
    make_plan(fee_variant_ids=[99])
    assert_problem(add(partner, make_order(line("E-book", requires_shipping=False))), 422, "no_goods")
    assert_problem(add(partner, make_covered_order()), 422, "already_covered")
    assert_problem(add(partner, make_order(cancelled_at=NOON)), 409, "order_cancelled")
    sent = make_order()
    send_a_parcel(sent)
    assert_problem(add(partner, sent), 409, "order_sent")
    assert not Change.objects.exists()


@pytest.mark.parametrize("name", ["how", "default_on", "shown_text_version", "price"])
def test_without_the_customers_choice_nothing_is_added(partner: Api, name: str) -> None:
    make_plan(fee_variant_ids=[99])
    consent = {key: value for key, value in CONSENT.items() if key != name}
    assert_problem(add(partner, make_order(), consent=consent), 400, "invalid_request", f"/consent/{name}")
    assert not Change.objects.exists()


def test_taking_it_off_gives_the_fee_back_once(partner: Api) -> None:
    order = make_covered_order()
    assert take_off(partner, order).status_code == 202
    change = Change.objects.get()
    fee = order.lines.get(sku="PROTECT")
    assert (change.kind, [row["line"] for row in change.wanted["lines"]]) == ("refund", [str(fee.remote_id)])
    assert_problem(take_off(partner, order), 409, "unit_used")


def test_what_is_sent_or_not_covered_is_not_taken_off(partner: Api) -> None:
    assert_problem(take_off(partner, make_order()), 422, "not_covered")
    order = make_covered_order()
    send_a_parcel(order)
    assert_problem(take_off(partner, order), 409, "order_sent")


def test_each_needs_its_scope() -> None:
    make_plan(fee_variant_ids=[99])
    assert_problem(add(api("orders:read"), make_order()), 403, "missing_scope")
    assert_problem(take_off(api("orders:write"), make_covered_order()), 403, "missing_scope")
