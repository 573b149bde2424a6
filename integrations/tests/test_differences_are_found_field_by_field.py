"""The pure comparison of an order with a snapshot: everything intake writes, and nothing that is no difference."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from integrations.differences import PARTS, differences, field_in_words
from orders.intake import Origin, apply_snapshot
from orders.models import Customer, LineItem, Order
from orders.snapshot import (
    Address,
    CustomerSnapshot,
    FulfillmentSnapshot,
    OrderSnapshot,
    QuantityOfLine,
    RefundLineSnapshot,
    RefundSnapshot,
)
from orders.tests.builders import NOON, bag, later, line, make_shop, next_id, snapshot

pytestmark = pytest.mark.django_db


def whole() -> OrderSnapshot:
    """An order with everything: two lines, a parcel, a refund, both addresses, a note, tags, attributes."""
    teapot, cup = line("Teapot", 2), line("Cup", 1)
    parcel = FulfillmentSnapshot(
        next_id(), "success", [QuantityOfLine(teapot.remote_id, 2)], name="#1001-F1", tracking_company="UPS",
        tracking_numbers=["1Z999"], tracking_urls=["https://ups.example/1Z999"], created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    part = RefundLineSnapshot(cup.remote_id, 1, "no_restock", {"subtotal": bag("40"), "tax": bag("0")})
    refund = RefundSnapshot(next_id(), [part], created_at=NOON, processed_at=NOON, transactions=[{"status": "success"}])
    return snapshot(
        teapot, cup, fulfillments=[parcel], refunds=[refund], note="Ring twice", tags=["gift", "vip"],
        attributes=[{"name": "lane", "value": "7"}], phone="+1555", billing_address=Address(city="Springfield"),
        customer=CustomerSnapshot(next_id(), "zoe@example.com", first_name="Zoë", updated_at=NOON),
    )  # fmt: skip


def held(taken: OrderSnapshot) -> Order:
    """The order as we hold it after taking the snapshot in."""
    order = apply_snapshot(make_shop(), taken, Origin(by="shopify")).order
    return fetched(order)


def fetched(order: Order) -> Order:
    return Order.objects.select_related("customer").prefetch_related(*PARTS).get(pk=order.pk)


def found(order: Order, theirs: OrderSnapshot) -> dict[str, tuple[str, str]]:
    return {d.field: (d.ours, d.theirs) for d in differences(fetched(order), theirs)}


def test_what_was_just_taken_in_does_not_differ():
    taken = whole()
    assert differences(held(taken), taken) == []


def test_a_later_time_alone_is_no_difference():
    taken = whole()
    assert differences(held(taken), replace(taken, updated_at=later(5))) == []


def test_comparing_asks_the_database_nothing(django_assert_num_queries):
    taken = whole()
    order = held(taken)
    with django_assert_num_queries(0):
        assert differences(order, replace(taken, note="Other")) != []


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"note": "Ring once"}, {"note": ("Ring twice", "Ring once")}),
        ({"note": ""}, {"note": ("Ring twice", "")}),
        ({"tags": ["vip"]}, {"tags": ("gift, vip", "vip")}),
        ({"financial_status": "refunded"}, {"financial_status": ("paid", "refunded")}),
        ({"test": True}, {"test": ("no", "yes")}),
        ({"cancelled_at": NOON}, {"cancelled_at": ("", "2026-11-20 12:00:00 UTC")}),
        ({"amounts": {"total": bag("99")}}, {"amounts.total": ("120.00 USD", "99.00 USD")}),
        (
            {"amounts": {"total": bag("120"), "tax": bag("1", "USD", "EUR")}},
            {"amounts.tax": ("", "1.00 USD (paid 1.00 EUR)")},
        ),
        ({"attributes": []}, {"attributes": ("lane: 7", "")}),
        ({"billing_address": None}, {"billing_address": ("Springfield", "")}),
        ({"billing_address": Address(city="Ogden")}, {"billing_address.city": ("Springfield", "Ogden")}),
    ],
)
def test_a_field_of_the_order_that_differs_is_named(fields, expected):
    taken = whole()
    assert found(held(taken), replace(taken, **fields)) == expected


def test_lines_are_matched_by_their_remote_ids():
    taken = whole()
    order = held(taken)
    teapot, cup = taken.lines
    fewer = replace(teapot, current_quantity=1)
    new = line("Bowl", 3)
    assert found(order, replace(taken, lines=[new, cup, fewer])) == {
        f"lines.{teapot.remote_id}.current_quantity": ("2", "1"),
        f"lines.{new.remote_id}": ("", "3 × Bowl"),
    }
    assert found(order, replace(taken, lines=[teapot])) == {f"lines.{cup.remote_id}": ("1 × Cup", "")}


def test_what_a_source_does_not_say_is_no_difference():
    taken = whole()
    order = held(taken)
    LineItem.objects.update(fulfillment_status="fulfilled")
    order.fulfillments.update(shipment_status="in_transit")
    assert found(order, taken) == {}


def test_parcels_differ_by_field_unless_ours_is_newer():
    taken = whole()
    order = held(taken)
    parcel = taken.fulfillments[0]
    other = replace(parcel, tracking_numbers=["1Z000"])
    assert found(order, replace(taken, fulfillments=[other])) == {
        f"fulfillments.{parcel.remote_id}.tracking_numbers": ("1Z999", "1Z000")
    }
    order.fulfillments.update(remote_updated_at=later(10))
    assert found(order, replace(taken, fulfillments=[other])) == {}


def test_parcels_and_refunds_that_one_side_lacks_are_named():
    taken = whole()
    order = held(taken)
    parcel, refund = taken.fulfillments[0].remote_id, taken.refunds[0].remote_id
    assert found(order, replace(taken, fulfillments=[], refunds=[])) == {
        f"fulfillments.{parcel}": ("#1001-F1", ""),
        f"refunds.{refund}": (f"1 of line {taken.lines[1].remote_id}", ""),
    }
    bare = held(replace(taken, remote_id=next_id(), fulfillments=[], refunds=[]))
    seen = found(bare, replace(taken, remote_id=bare.remote_id))
    assert seen == {
        f"fulfillments.{parcel}": ("", "#1001-F1"),
        f"refunds.{refund}": ("", f"1 of line {taken.lines[1].remote_id}"),
    }


def test_a_refund_whose_money_moved_meanwhile_differs():
    taken = whole()
    order = held(taken)
    refund = taken.refunds[0]
    moved = replace(refund, transactions=[{"status": "failure"}])
    assert found(order, replace(taken, refunds=[moved])) == {
        f"refunds.{refund.remote_id}.transactions": ("success", "failure")
    }


def test_an_amount_that_is_named_in_one_currency_only_is_compared_in_that_one():
    """A message names a movement in one of the order's two currencies, a read in both."""
    dollars, euros = {"amount": "40", "currency": "USD"}, {"amount": "36", "currency": "EUR"}
    movement = {"id": "7", "status": "success", "amount": {"shop": dollars}}
    taken = whole()
    refund = replace(taken.refunds[0], transactions=[movement])
    order = held(replace(taken, refunds=[refund]))

    def of(**fields) -> dict[str, tuple[str, str]]:
        other = replace(refund, transactions=[{**movement, **fields}])
        return found(order, replace(taken, refunds=[other]))

    assert of(amount={"shop": dollars}) == {}
    assert of(status="pending") == {}  # an old word on money that has moved
    moved = f"refunds.{refund.remote_id}.transactions"
    assert of(status="failure") == {moved: ("movement success 40 USD", "movement failure 40 USD")}
    assert list(of(amount={"shop": {**dollars, "amount": "41"}})) == [moved]
    assert list(of(amount={"shop": dollars, "presentment": euros})) == [moved]
    order.refunds.update(transactions=[{**movement, "amount": {"shop": dollars, "presentment": euros}}])
    assert of(amount={"presentment": euros}) == {}


def test_a_customer_differs_unless_ours_is_newer():
    taken = whole()
    order = held(taken)
    assert taken.customer is not None
    moved = replace(taken, customer=replace(taken.customer, email="new@example.com"))
    assert found(order, moved) == {"customer.email": ("zoe@example.com", "new@example.com")}
    Customer.objects.update(remote_updated_at=F("remote_updated_at") + timedelta(minutes=5))
    assert found(order, moved) == {}


def test_another_customer_or_none_is_a_difference():
    taken = whole()
    order = held(taken)
    assert taken.customer is not None
    assert found(order, replace(taken, customer=None)) == {"customer": (str(taken.customer.remote_id), "")}


def test_taking_the_snapshot_in_closes_every_difference():
    taken = whole()
    order = held(taken)
    teapot, cup = taken.lines
    newer = replace(
        taken, updated_at=later(5), note="Ring once", financial_status="partially_refunded", phone="",
        lines=[replace(teapot, current_quantity=1, sku="T2"), cup, line("Bowl")],
        fulfillments=[replace(taken.fulfillments[0], status="cancelled", updated_at=later(5))],
        refunds=[replace(taken.refunds[0], note="Late")], shipping_address=None, amounts={"total": bag("7")},
    )  # fmt: skip
    assert len(found(order, newer)) > 8
    apply_snapshot(order.shop, newer, Origin(by="shopify"))
    assert found(order, newer) == {}


@pytest.mark.parametrize(
    "field, words",
    [
        ("financial_status", "Payment status"),
        ("shipping_address.zip", "Shipping address: postcode"),
        ("amounts.current_total", "Money: current total"),
        ("lines.7.current_quantity", "Item Teapot: quantity left"),
        ("lines.8", "Item 8"),
        ("fulfillments.9.tracking_numbers", "Parcel 9: tracking numbers"),
        ("refunds.9", "Refund 9"),
        ("customer.email", "Customer: e-mail"),
    ],
)
def test_fields_have_names_for_people(field, words):
    assert field_in_words(field, {"7": "Teapot"}) == words
