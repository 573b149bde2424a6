"""What a warehouse posts becomes a change; who gives money back needs a scope of its own."""

from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from orders import changes
from orders.intake import Origin, apply_fulfillment
from orders.models import Change, Fulfillment, Order
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine
from orders.tests.builders import NOON, line, make_order, make_shop, next_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order(line("Teapot", 3))


@pytest.fixture
def parcel(order: Order) -> Fulfillment:
    goods = order.lines.get()
    sent = FulfillmentSnapshot(next_id(), "success", [QuantityOfLine(goods.remote_id, 1)], created_at=NOON)
    apply_fulfillment(order.shop, order.remote_id, sent, Origin(by="shopify"))
    return order.fulfillments.get()


def where(order: Order, what: str = "changes") -> str:
    return f"/v1/orders/{order.public_id}/{what}"


def test_a_warehouse_reports_a_parcel(order: Order, parcel: Fulfillment) -> None:
    body = {"lines": [{"line_item": str(order.lines.get().remote_id), "quantity": 2}], "numbers": ["1Z1"]}
    response = api("orders:write").post(where(order, "fulfillments"), body)
    assert response.status_code == 202, response.content
    made = response.json()
    assert (made["kind"], made["wanted"]["lines"]) == ("fulfil", {str(order.lines.get().remote_id): 2})
    again = api("orders:write").post(where(order, "fulfillments"), body)
    assert_problem(again, 422, "quantity_left", "/lines/0/quantity")


def test_a_carrier_reports_tracking_and_scans(order: Order, parcel: Fulfillment) -> None:
    client, path = api("orders:write"), f"/v1/fulfillments/{parcel.public_id}"
    tracking = client.post(f"{path}/tracking", {"company": "DHL", "numbers": ["JD1"]})
    scan = client.post(f"{path}/events", {"status": "delivered", "happened_at": "2026-11-24T10:00:00Z"})
    assert [(r.status_code, r.json()["kind"]) for r in (tracking, scan)] == [(202, "tracking"), (202, "scan")]
    assert scan.json()["wanted"]["fulfillment"] == str(parcel.remote_id)
    assert_problem(client.post(f"{path}/events", {}), 422, "required", "/status")
    assert_problem(client.post(f"{path}/events", {"status": "eaten"}), 422, "invalid_choice", "/status")
    assert_problem(client.post(f"{path}/tracking", {}), 422, "nothing_to_change")
    assert_problem(client.post(f"{path}/tracking", {"price": 1}), 422, "unknown_field", "/price")
    assert Change.objects.count() == 2


def test_a_parcel_of_another_shop_is_not_there(order: Order, parcel: Fulfillment) -> None:
    make_shop("other.myshopify.com")
    stranger = api(shop="other.myshopify.com")
    for path in (where(order, "fulfillments"), f"/v1/fulfillments/{parcel.public_id}/tracking",
                 f"/v1/fulfillments/{parcel.public_id}/events"):  # fmt: skip
        assert_problem(stranger.post(path, {"status": "delivered", "numbers": ["1"]}), 404, "not_found")
    assert not Change.objects.exists()


GIVING: list[dict[str, Any]] = [
    {"kind": "refund", "amount": "1.00"},
    {"kind": "store_credit", "amount": "1.00"},
    {"kind": "gift_card", "amount": "1.00"},
    {"kind": "cancel"},
    {"kind": "cancel", "refund": "store_credit"},
    {"kind": "cancel", "refund": ["none"]},
]


@pytest.mark.parametrize("body", GIVING)
def test_giving_money_back_needs_its_own_scope(order: Order, body: dict[str, Any]) -> None:
    assert_problem(api("orders:write").post(where(order), body), 403, "missing_scope")
    assert not Change.objects.exists()


@pytest.mark.parametrize("body", GIVING[:5])
def test_with_it_money_is_given_back(order: Order, body: dict[str, Any]) -> None:
    response = api("orders:write", "refunds:write").post(where(order), body)
    assert response.status_code == 202, response.content


def test_cancelling_without_a_refund_gives_nothing_back(order: Order) -> None:
    assert api("orders:write").post(where(order), {"kind": "cancel", "refund": "none"}).status_code == 202


def test_a_refund_asked_by_others_is_not_repeated_without_the_scope(order: Order) -> None:
    change = changes.refund(order, amount="1.00", by="staff:ana")
    Change.objects.update(state="failed")
    path = f"/v1/changes/{change.public_id}/again"
    assert_problem(api("orders:write").post(path, {}), 403, "missing_scope")
    assert api("orders:write", "refunds:write").post(path, {}).json()["status"] == "queued"


def test_units_are_named_in_the_problem_that_refuses_them(order: Order) -> None:
    goods = order.lines.get()
    body = {"kind": "refund", "lines": [{"line_item": goods.public_id, "quantity": 4}]}
    assert_problem(api().post(where(order), body), 409, "unit_used", "/lines/0/quantity")
    body["lines"] = [{"line_item": goods.public_id, "quantity": 1, "restock": "shelf"}]
    assert_problem(api().post(where(order), body), 422, "invalid_choice", "/lines/0/restock")
    assert not Change.objects.exists()
