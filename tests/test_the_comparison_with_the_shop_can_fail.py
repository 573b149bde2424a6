"""A comparison that finds nothing proves nothing: each field is made different once, and each must be noticed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.healing import shown
from tests.chaos.sameness import AMOUNTS, TEXTS, TIMES, differing

Change = Callable[[dict[str, Any]], Any]


def bag(amount: str) -> dict[str, Any]:
    return {"shop": {"amount": amount, "currency": "USD"}, "presentment": {"amount": amount, "currency": "USD"}}


def webhook_bag(amount: str) -> dict[str, Any]:
    side = {"amount": amount, "currency_code": "USD"}
    return {"shop_money": side, "presentment_money": side}


OTHER = {"name": "a", "value": 1}
MOMENT = "2026-11-20T12:00:00-05:00"
SAME_MOMENT = "2026-11-20T17:00:00Z"
HOUSE = {"first_name": "Zoë", "address1": "1 Test Street", "zip": "62701", "address2": None}
ZOE = {"email": "zoe@example.com", "phone": None, "first_name": "Zoë", "last_name": "Lindqvist"}

AT_THE_SHOP: dict[str, Any] = {
    **dict.fromkeys(TEXTS.values()), "id": 17, "name": "#1001", "test": False, "order_number": 1001,
    **dict.fromkeys(TIMES.values()), "updated_at": MOMENT,
    **{f"{name}_set": webhook_bag("20.0") for name in AMOUNTS.values()},
    "tags": "spring, vip", "note_attributes": [{"name": "gift", "value": 1}], "customer": {"id": 3, **ZOE},
    "shipping_address": HOUSE, "billing_address": None,
    "line_items": [
        {
            "id": 5, "title": "Teapot", "quantity": 2, "current_quantity": 1, "price_set": webhook_bag("10"),
            "tax_lines": [{"price_set": webhook_bag("1")}, {"price_set": webhook_bag("0.50")}],
            "discount_allocations": [], "properties": [],
        }
    ],
    "fulfillments": [
        {
            "id": 6, "name": "#1001.1", "status": "success", "updated_at": MOMENT, "tracking_numbers": ["1Z"],
            "tracking_urls": [], "tracking_company": "UPS", "line_items": [{"id": 5, "quantity": 1}],
        }
    ],
    "refunds": [
        {
            "id": 7, "note": None, "transactions": [{"id": 8, "kind": "refund", "status": "success"}],
            "refund_line_items": [{"line_item_id": 5, "quantity": 1, "restock_type": "return"}],
        }
    ],
    "kept": {
        "transactions": [
            {
                "id": 8, "kind": "refund", "status": "success", "gateway": "bogus",
                "amount": {"shop": "10.0", "presentment": "10.0"},
            }
        ],
        "fulfillment_orders": [
            {"id": 9, "status": "open", "location_id": 4, "lines": [{"line_id": 5, "total": 2, "remaining": 1}]}
        ],
    },
}  # fmt: skip
HERE: dict[str, Any] = {
    **dict.fromkeys(TEXTS), "remote_id": "17", "name": "#1001", "test": False, "number": 1001,
    **dict.fromkeys(TIMES), "remote_updated_at": SAME_MOMENT, "deleted_at": None,
    "amounts": {name: bag("20.00") for name in AMOUNTS},
    "tags": ["vip", "spring"], "attributes": [{"name": "gift", "value": "1"}], "customer": {"remote_id": "3", **ZOE},
    "shipping_address": HOUSE | {"address2": ""}, "billing_address": None,
    "line_items": [
        {
            "remote_id": "5", "title": "Teapot", "quantity": 2, "current_quantity": 1, "properties": [],
            "amounts": {"unit_price": bag("10.00"), "tax": bag("1.50"), "discount": bag("0.00")},
        }
    ],
    "fulfillments": [
        {
            "remote_id": "6", "name": "#1001.1", "status": "success", "updated_at": SAME_MOMENT,
            "tracking_numbers": ["1Z"], "tracking_urls": [], "tracking_company": "UPS",
            "lines": [{"line_remote_id": "5", "quantity": 1}],
        }
    ],
    "refunds": [
        {
            "remote_id": "7", "note": "", "transactions": [{"id": "8", "kind": "refund", "status": "success"}],
            "lines": [{"line_remote_id": "5", "quantity": 1, "restock_type": "return"}],
        }
    ],
    "payments": [
        {"remote_id": "8", "kind": "refund", "status": "success", "gateway": "bogus", "amount": bag("10.00")}
    ],
    "fulfillment_orders": [
        {
            "remote_id": "9", "status": "open", "location_id": "4",
            "lines": [{"line_remote_id": "5", "total": 2, "remaining": 1}],
        }
    ],
}  # fmt: skip


def found(change: Change = lambda order: None) -> list[str]:
    ours = copy.deepcopy(HERE)
    change(ours)
    return list(differing({17: AT_THE_SHOP}, {17: ours}))


def test_two_orders_that_are_the_same_do_not_differ_however_they_are_written():
    assert found() == []


@pytest.mark.parametrize("field", [*TEXTS, *TIMES])
def test_every_plain_field_is_compared(field):
    other = SAME_MOMENT.replace("17", "18") if field in TIMES else "something else"
    assert [words for words in found(lambda order: order.update({field: other})) if f": {field} is" in words]


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("side", ["shop", "presentment"])
def test_every_amount_is_compared_in_both_currencies(name, side):
    def change(order: dict[str, Any]) -> None:
        order["amounts"][name][side]["amount"] = "20.01"

    assert found(change)[0].startswith(f"#1001: amounts.{name} is")


@pytest.mark.parametrize(
    "path, change",
    [
        ("tags", lambda order: order["tags"].pop()),
        ("attributes", lambda order: order["attributes"].clear()),
        ("customer", lambda order: order.update(customer=None)),
        ("customer.email", lambda order: order["customer"].update(email="other@example.com")),
        ("shipping_address.address1", lambda order: order["shipping_address"].update(address1="2 Test Street")),
        ("billing_address.zip", lambda order: order.update(billing_address={"zip": "1"})),
        ("line_items", lambda order: order["line_items"].clear()),
        ("line_items.5.current_quantity", lambda order: order["line_items"][0].update(current_quantity=2)),
        ("line_items.5.price", lambda order: order["line_items"][0]["amounts"].update(unit_price=bag("11"))),
        ("line_items.5.tax", lambda order: order["line_items"][0]["amounts"].update(tax=bag("1"))),
        ("line_items.5.discount", lambda order: order["line_items"][0]["amounts"].update(discount=bag("1"))),
        ("line_items.5.properties", lambda order: order["line_items"][0].update(properties=[OTHER])),
        ("fulfillments", lambda order: order["fulfillments"].append(order["fulfillments"][0] | {"remote_id": "66"})),
        ("fulfillments.6.status", lambda order: order["fulfillments"][0].update(status="cancelled")),
        ("fulfillments.6.tracking_numbers", lambda order: order["fulfillments"][0]["tracking_numbers"].clear()),
        ("fulfillments.6.lines", lambda order: order["fulfillments"][0]["lines"].clear()),
        ("fulfillments.6.updated_at", lambda order: order["fulfillments"][0].update(updated_at=None)),
        ("refunds", lambda order: order["refunds"].clear()),
        ("refunds.7.note", lambda order: order["refunds"][0].update(note="x")),
        ("refunds.7.lines", lambda order: order["refunds"][0]["lines"][0].update(restock_type="cancel")),
        ("refunds.7.transactions", lambda order: order["refunds"][0]["transactions"][0].update(status="pending")),
        ("payments", lambda order: order["payments"].clear()),
        ("payments", lambda order: order["payments"][0].update(status="pending")),
        ("payments", lambda order: order["payments"][0]["amount"]["presentment"].update(amount="10.01")),
        ("fulfillment_orders", lambda order: order["fulfillment_orders"].clear()),
        ("fulfillment_orders", lambda order: order["fulfillment_orders"][0].update(location_id="3")),
        ("fulfillment_orders", lambda order: order["fulfillment_orders"][0]["lines"][0].update(remaining=2)),
    ],
)  # fmt: skip
def test_every_part_is_compared(path: str, change: Change):
    assert [words for words in found(change) if words.startswith(f"#1001: {path} is ")], found(change)


def test_an_order_that_only_one_side_has_is_noticed():
    assert list(differing({17: AT_THE_SHOP}, {})) == ["#1001: not here"]
    assert "not marked as deleted" in next(differing({}, {17: HERE}))
    gone = HERE | {"deleted_at": SAME_MOMENT}
    assert list(differing({}, {17: gone})) == []
    assert list(differing({17: AT_THE_SHOP}, {17: gone})) == ["#1001: marked as deleted"]


def test_many_differences_are_counted_not_listed():
    assert shown([str(number) for number in range(100)])[-1] == "and 80 more"
