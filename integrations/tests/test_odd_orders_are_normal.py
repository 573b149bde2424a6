"""Things that real stores send every day: nulls, big ids, other currencies, floats, words nobody has seen."""

from datetime import datetime

import pytest

from integrations import inbox
from integrations.models import InboundMessage
from integrations.tests.shopify import connect, line_body, money, order_body, post
from orders.models import Customer, Order, UnitUse

pytestmark = pytest.mark.django_db


def receive(topic: str, body: dict) -> InboundMessage:
    connection = connect()
    assert post(connection, topic, body).status_code == 200
    inbox.drain()
    return InboundMessage.objects.latest("id")


def receive_order(**fields) -> Order:
    message = receive("orders/create", order_body(**fields))
    assert (message.state, message.result) == ("handled", "created")
    assert message.order is not None
    return message.order


def test_no_customer_no_address_no_mail():
    order = receive_order(customer=None, shipping_address=None, billing_address=None, email=None)
    assert (order.customer, order.shipping_address, order.billing_address, order.email) == (None, None, None, "")


def test_ids_above_2_to_the_53_are_exact():
    order = receive_order(id=9_223_372_036_854_775_807)
    assert order.remote_id == 9_223_372_036_854_775_807


def test_yen_have_no_decimals_and_dinars_three():
    line = line_body(price="1500", price_set=money("1500", "JPY", "KWD", "3.125"))
    order = receive_order(
        line_items=[line], currency="JPY", presentment_currency="KWD",
        total_price="1500", total_price_set=money("1500", "JPY", "KWD", "3.125"),
    )  # fmt: skip
    assert order.amounts["total"] == {
        "shop": {"amount": "1500", "currency": "JPY"},
        "presentment": {"amount": "3.125", "currency": "KWD"},
    }


def test_words_we_have_never_seen_are_stored_as_they_are():
    order = receive_order(financial_status="paid_in_shells", fulfillment_status="FULFILLMENT_NOT_REQUIRED")
    assert (order.financial_status, order.fulfillment_status) == ("paid_in_shells", "FULFILLMENT_NOT_REQUIRED")


def test_floats_in_a_refund_are_exact_decimals():
    line = line_body(quantity=3, price="0.10")
    order = receive_order(line_items=[line])
    refund = {
        "id": 77, "order_id": order.remote_id, "created_at": "2026-11-21T10:00:00Z",
        "refund_line_items": [
            {"id": 1, "line_item_id": line["id"], "quantity": 2, "subtotal": 0.1, "total_tax": 0.30000000000000004}
        ],
        "transactions": [{"id": 5, "kind": "refund", "status": "pending", "amount": 0.2, "currency": "USD"}],
    }  # fmt: skip
    assert receive("refunds/create", refund).result == "changed"
    stored = order.refunds.get()
    assert stored.lines[0]["amounts"]["subtotal"]["shop"] == {"amount": "0.10", "currency": "USD"}
    assert stored.lines[0]["amounts"]["tax"]["shop"]["amount"] == "0.30000000000000004"
    assert stored.transactions[0]["status"] == "pending"
    assert UnitUse.objects.filter(kind="refund", line__remote_id=line["id"]).count() == 2


def test_text_that_postgresql_cannot_hold_is_kept_readable():
    order = receive_order(note="tea\x00pot", tags="\ud800, a", note_attributes=[{"name": "k\x00", "value": 1.5}])
    assert order.note == "tea\N{REPLACEMENT CHARACTER}pot"
    assert order.attributes == [{"name": "k\N{REPLACEMENT CHARACTER}", "value": "1.5"}]


def test_a_line_without_variant_or_product_is_kept():
    order = receive_order(line_items=[line_body(variant_id=None, product_id=None, sku=None)])
    assert (order.lines.get().variant_id, order.lines.get().sku) == (None, "")


def test_a_tip_is_known_as_one():
    tip = line_body("Tip", price="3.00", tip={"payment_gateway": "shopify"}, variant_id=None, product_id=None)
    order = receive_order(line_items=[line_body(), tip])
    assert [line.tip for line in order.lines.all()] == [False, True]


def test_an_order_without_lines_is_kept():
    assert receive_order(line_items=[], total_price="0.00", total_price_set=money("0.00")).lines.count() == 0


def test_what_a_buyer_really_got_off_is_in_the_allocations():
    line = line_body(quantity=2, discount_allocations=[{"amount": "5.00", "amount_set": money("5.00")}] * 2)
    order = receive_order(line_items=[line])
    assert order.lines.get().amounts["discount"]["shop"]["amount"] == "10.00"


def test_an_older_message_never_overwrites():
    body = order_body(note="new")
    receive("orders/updated", body)
    old = {**body, "note": "old", "updated_at": "2026-11-20T11:59:59-05:00"}
    assert receive("orders/create", old).result == "older than what we have"
    assert Order.objects.get().note == "new"


def test_an_update_may_come_before_the_create():
    body = order_body(note="first word")
    receive("orders/updated", {**body, "note": "second word", "updated_at": "2026-11-20T13:00:00-05:00"})
    receive("orders/create", body)
    order = Order.objects.get()
    assert order.note == "second word"
    assert order.remote_updated_at == datetime.fromisoformat("2026-11-20T13:00:00-05:00")


def test_a_parcel_that_comes_before_its_order_is_handled_when_the_order_comes(monkeypatch):
    body = order_body()
    parcel = {
        "id": 5, "order_id": body["id"], "status": "success", "created_at": "2026-11-21T10:00:00Z",
        "updated_at": "2026-11-21T10:00:00Z", "tracking_number": "1Z", "tracking_company": "UPS",
        "line_items": [{"id": body["line_items"][0]["id"], "quantity": 1}],
    }  # fmt: skip
    connection = connect()
    post(connection, "fulfillments/create", parcel)
    message = InboundMessage.objects.get()
    message.state, message.waits_for, message.due_at = "ignored", body["id"], None  # Shopify did not show it yet
    message.save()
    receive("orders/create", body)
    message.refresh_from_db()
    assert message.state == "handled"
    assert Order.objects.get().fulfillments.get().tracking_numbers == ["1Z"]


def test_a_deleted_order_is_marked_and_kept():
    body = order_body()
    receive("orders/create", body)
    assert receive("orders/delete", {"id": body["id"]}).state == "handled"
    assert Order.objects.get().deleted_at is not None
    assert receive("orders/delete", {"id": 12345}).state == "ignored"


def test_a_test_delivery_makes_no_rows():
    connection = connect()
    post(connection, "orders/create", order_body(), **{"X-Shopify-Test": "true"})
    inbox.drain()
    assert (InboundMessage.objects.get().state, Order.objects.count(), Customer.objects.count()) == ("ignored", 0, 0)


def test_a_topic_we_do_not_follow_is_ignored_by_name():
    message = receive("themes/publish", {"id": 1})
    assert (message.state, message.result) == ("ignored", "We do not follow the topic themes/publish.")


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": -1},
        {"id": 2**70},
        {"line_items": [{"id": 1}]},
        {"line_items": 7},
        {"total_price": "ten", "total_price_set": None},
        {"created_at": "yesterday"},
    ],
)
def test_an_order_that_cannot_be_read_is_parked_with_the_reason(broken):
    message = receive("orders/create", {**order_body(), **broken})
    assert message.state == "parked"
    assert "cannot be read" in message.result
    assert Order.objects.count() == 0
