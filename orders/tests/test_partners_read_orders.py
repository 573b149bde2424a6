"""GET /v1/orders and /v1/orders/{id}: what was applied is read back, exactly, in a fixed number of queries."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from orders.intake import Origin, apply_fulfillment, apply_refund, apply_scan
from orders.models import Order, Shop
from orders.money import Money, MoneyBag
from orders.snapshot import (
    Address,
    FulfillmentSnapshot,
    QuantityOfLine,
    RefundLineSnapshot,
    RefundSnapshot,
    TrackingSnapshot,
)
from orders.tests.builders import NOON, apply, bag, later, line, make_order, make_shop, next_id, snapshot

SHOPIFY = Origin(by="shopify")

pytestmark = pytest.mark.django_db


def make_rich_order(shop: Shop | None = None) -> Order:
    """Two lines in two currencies, a parcel with scans, a refund."""
    both = MoneyBag(Money(Decimal("40"), "USD"), Money(Decimal("6000"), "JPY"))
    amounts = {"unit_price": both, "discount": bag("0"), "tax": bag("0")}
    teapot = line("Teapot", 2, product_id=2**53 + 7, amounts=amounts)
    seen = snapshot(
        teapot, line("Cup", properties=[{"name": "Engraving", "value": "Zoë"}]), presentment_currency="JPY",
        amounts={"total": both}, billing_address=Address(city="Linz", country_code="AT"), tags=["vip"], number=1001,
        attributes=[{"name": "gift", "value": "yes"}], note="Ring twice", financial_status="odd_status",
    )  # fmt: skip
    order = apply(seen, shop).order
    parcel = FulfillmentSnapshot(
        remote_id=next_id(), status="success", lines=[QuantityOfLine(teapot.remote_id, 2)], tracking_company="UPS",
        tracking_numbers=["1Z999"], created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    apply_fulfillment(order.shop, order.remote_id, parcel, SHOPIFY)
    for minute in (2, 1):
        scan = TrackingSnapshot(next_id(), parcel.remote_id, "in_transit", later(minute), city=f"City {minute}")
        apply_scan(order.shop, order.remote_id, scan, SHOPIFY)
    part = RefundLineSnapshot(teapot.remote_id, 1, "return", {"subtotal": both, "tax": bag("0")})
    apply_refund(order.shop, order.remote_id, RefundSnapshot(next_id(), [part], created_at=NOON), SHOPIFY)
    order.refresh_from_db()
    return order


def test_an_order_reads_back_as_it_was_applied() -> None:
    order = make_rich_order()
    response = api("orders:read").get(f"/v1/orders/{order.public_id}")
    body = response.json()
    assert response["ETag"] == f'"{order.version}"'
    assert (body["id"], body["remote_id"], body["shop"]) == (
        order.public_id, str(order.remote_id), "tests.myshopify.com",
    )  # fmt: skip
    assert body["amounts"]["total"] == {
        "shop": {"amount": "40.00", "currency": "USD"},
        "presentment": {"amount": "6000", "currency": "JPY"},
    }
    assert (body["financial_status"], body["note"], body["tags"], body["number"]) == (
        "odd_status", "Ring twice", ["vip"], 1001,
    )  # fmt: skip
    assert body["shipping_address"]["city"] == "Springfield"
    assert body["billing_address"] == {**Address().as_json(), "city": "Linz", "country_code": "AT"}
    assert body["customer"]["first_name"] == "Zoë"
    assert (body["remote_created_at"], body["cancelled_at"]) == ("2026-11-20T12:00:00Z", None)


def test_its_parts_name_the_lines_by_both_ids() -> None:
    order = make_rich_order()
    body = api().get(f"/v1/orders/{order.public_id}").json()
    teapot, cup = body["line_items"]
    assert (teapot["product_id"], cup["product_id"], teapot["quantity"]) == (str(2**53 + 7), None, 2)
    assert cup["properties"] == [{"name": "Engraving", "value": "Zoë"}]
    (parcel,), (refund,) = body["fulfillments"], body["refunds"]
    names = {"line": teapot["id"], "line_remote_id": teapot["remote_id"]}
    assert parcel["lines"] == [{**names, "quantity": 2}]
    assert [scan["city"] for scan in parcel["scans"]] == ["City 1", "City 2"]
    assert refund["lines"][0].items() >= {**names, "quantity": 1, "restock_type": "return"}.items()


def test_every_id_that_may_exceed_two_to_the_53_is_text() -> None:
    order = make_rich_order()

    def ids(value: Any, name: str = "") -> list[Any]:
        if isinstance(value, dict):
            return [found for key, inner in value.items() for found in ids(inner, key)]
        if isinstance(value, list):
            return [found for inner in value for found in ids(inner, name)]
        return [value] if name == "id" or name.endswith("_id") else []

    found = ids(api().get(f"/v1/orders/{order.public_id}").json())
    assert len(found) > 10
    assert all(value is None or isinstance(value, str) for value in found)


def test_an_order_without_customer_and_addresses_is_readable() -> None:
    order = make_order(customer=None, shipping_address=None, billing_address=None)
    body = api().get(f"/v1/orders/{order.public_id}").json()
    assert (body["customer"], body["shipping_address"], body["billing_address"]) == (None, None, None)


def test_a_changed_order_has_another_etag() -> None:
    seen = snapshot()
    path = f"/v1/orders/{apply(seen).order.public_id}"
    first = api().get(path)["ETag"]
    apply(replace(seen, note="new", updated_at=later()))
    assert api().get(path)["ETag"] != first


def test_the_list_shows_the_same_order_as_the_single_view() -> None:
    order = make_rich_order()
    partner = api()
    (listed,) = partner.get("/v1/orders").json()["data"]
    assert listed == partner.get(f"/v1/orders/{order.public_id}").json()


def test_filters_find_by_name_mail_number_and_shop() -> None:
    wanted = make_order(name="#77", email="ana@example.com", shop=make_shop("one.myshopify.com"))
    make_order(name="#78", email="ben@example.com")
    partner = api()
    filters: list[dict[str, Any]] = [
        {"name": "#77"}, {"email": "ana@example.com"}, {"remote_id": wanted.remote_id}, {"shop": "one.myshopify.com"},
    ]  # fmt: skip
    for parameters in filters:
        assert [row["id"] for row in partner.get("/v1/orders", **parameters).json()["data"]] == [wanted.public_id]
    for parameters in ({"name": "#7"}, {"email": "\x00"}, {"shop": "nobody"}, {"remote_id": 5}):
        assert partner.get("/v1/orders", **parameters).json()["data"] == []


def test_only_what_changed_since_a_moment() -> None:
    seen = snapshot()
    old = apply(seen).order
    make_order(name="#2")
    moment = Order.objects.latest("updated_at").updated_at + timedelta(microseconds=1)
    assert api().get("/v1/orders", updated_since=moment.isoformat()).json()["data"] == []
    apply(replace(seen, note="new", updated_at=later()))
    found = api().get("/v1/orders", updated_since=moment.isoformat()).json()["data"]
    assert [row["id"] for row in found] == [old.public_id]


def test_a_list_costs_a_fixed_number_of_queries(django_assert_max_num_queries: Any) -> None:
    for number in range(15):
        make_rich_order(make_shop(f"s{number % 3}.myshopify.com"))
    partner = api()
    with django_assert_max_num_queries(12):
        assert len(partner.get("/v1/orders").json()["data"]) == 15


def test_a_deleted_order_is_shown_as_deleted() -> None:
    order = make_order()
    Order.objects.update(deleted_at=NOON)
    assert api().get(f"/v1/orders/{order.public_id}").json()["deleted_at"] == "2026-11-20T12:00:00Z"


def test_a_key_bound_to_a_shop_sees_that_shop_and_no_other() -> None:
    mine, foreign = make_order(shop=make_shop("mine.myshopify.com")), make_order()
    partner = api(shop="mine.myshopify.com")
    assert [row["id"] for row in partner.get("/v1/orders").json()["data"]] == [mine.public_id]
    assert partner.get("/v1/orders", shop=foreign.shop.domain).json()["data"] == []
    assert partner.get(f"/v1/orders/{mine.public_id}").status_code == 200
    assert_problem(partner.get(f"/v1/orders/{foreign.public_id}"), 404, "not_found")


def test_a_key_bound_to_a_shop_that_does_not_exist_sees_nothing() -> None:
    make_order()
    assert api(shop="gone.myshopify.com").get("/v1/orders").json()["data"] == []
