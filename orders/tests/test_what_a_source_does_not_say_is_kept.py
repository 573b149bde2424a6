"""Sources say different things of an order: what one leaves out (None) stays as another said it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.intake import Origin, apply_fulfillment_orders, apply_payment
from orders.models import FulfillmentOrder, units_to_send
from orders.snapshot import (
    FulfillmentOrderSnapshot,
    HoldSnapshot,
    OrderSnapshot,
    PartOfLine,
    PaymentSnapshot,
    ReturnLineSnapshot,
    ReturnSnapshot,
    ShippingLineSnapshot,
)
from orders.tests.builders import NOON, apply, bag, later, line, next_id, snapshot, story

ORIGIN = Origin(by="shopify")

pytestmark = pytest.mark.django_db


def whole() -> OrderSnapshot:
    """Everything that a read says."""
    teapot = line("Teapot", 2, group={"id": "7", "title": "Tea for two", "quantity": 1})
    work = FulfillmentOrderSnapshot(
        next_id(), "open", [PartOfLine(next_id(), teapot.remote_id, 2, 2)], location_name="Linz", updated_at=NOON
    )
    back = ReturnSnapshot(next_id(), "#1-R1", "open", [ReturnLineSnapshot(next_id(), teapot.remote_id, 1)])
    return snapshot(
        teapot, payments=[PaymentSnapshot(next_id(), "sale", "pending", bag("80"))], fulfillment_orders=[work],
        returns=[back], shipping_lines=[ShippingLineSnapshot(next_id(), "Standard", bag("5"))], discount_codes=["TEA"],
        confirmation_number="ABC", po_number="PO1", customer_locale="de", risk="accept", return_status="in_progress",
        discrepancy=Decimal("1"),
    )  # fmt: skip


def test_a_message_that_says_less_takes_nothing_away() -> None:
    seen = whole()
    order = apply(seen).order
    said = "payments fulfillment_orders returns shipping_lines discount_codes confirmation_number po_number risk"
    silent = dict.fromkeys([*said.split(), "customer_locale", "return_status", "discrepancy"])
    short = [replace(seen.lines[0], group={"id": "7"})]
    assert apply(replace(seen, note="x", updated_at=later(), lines=short, **silent)).what == "changed"  # type: ignore[arg-type]
    assert story(order)[-1] == ("order.updated", {"changed": ["note"]})
    order.refresh_from_db()
    assert (order.discount_codes, order.risk, order.discrepancy) == (["TEA"], "accept", Decimal("1"))
    assert order.lines.get().group == {"id": "7", "title": "Tea for two", "quantity": 1}
    assert (order.payments.count(), order.fulfillment_orders.count(), order.returns.count()) == (1, 1, 1)


def test_a_new_order_tells_all_its_parts_in_their_order() -> None:
    actions = [action for action, _ in story(apply(whole()).order)]
    assert actions == [
        "order.created", "order.unbalanced", "payment.created", "fulfillment_order.created", "return.created",
    ]  # fmt: skip


def test_work_that_a_whole_read_no_longer_shows_is_kept() -> None:
    seen = whole()
    order = apply(seen).order
    apply(replace(seen, fulfillment_orders=[], returns=[], payments=[], updated_at=later()))
    assert (order.fulfillment_orders.get().status, order.returns.count(), order.payments.count()) == ("open", 1, 1)


def test_work_follows_its_own_clock() -> None:
    seen = whole()
    order = apply(seen).order
    assert seen.fulfillment_orders is not None
    (work,) = seen.fulfillment_orders
    held = replace(work, status="on_hold", holds=[HoldSnapshot("gid://x", "other")], updated_at=later(5))

    def news(*snapshots: FulfillmentOrderSnapshot) -> str:
        return apply_fulfillment_orders(order.shop, order.remote_id, list(snapshots), ORIGIN).what

    assert [news(held), news(held), news(replace(work, status="closed", updated_at=later(1)))] == [
        "changed", "unchanged", "unchanged",
    ]  # fmt: skip
    assert FulfillmentOrder.objects.get().status == "on_hold"
    late = replace(seen, updated_at=NOON.replace(hour=1), fulfillment_orders=[replace(held, holds=[])], note="old")
    late = replace(late, fulfillment_orders=[replace(held, status="open", holds=[], updated_at=later(9))])
    assert apply(late).what == "changed"
    order.refresh_from_db()
    assert (order.note, FulfillmentOrder.objects.get().status) == ("", "open")
    assert units_to_send(order.fulfillment_orders.all()) == {seen.lines[0].remote_id: 2}


def test_what_may_do_just_now_is_no_news() -> None:
    seen = whole()
    order = apply(seen).order
    assert seen.fulfillment_orders is not None
    able = replace(seen.fulfillment_orders[0], supported_actions=["hold"], updated_at=later())
    assert apply_fulfillment_orders(order.shop, order.remote_id, [able], ORIGIN).what == "unchanged"
    assert order.fulfillment_orders.get().supported_actions == ["hold"]


def test_money_that_moved_never_becomes_pending_again() -> None:
    seen = whole()
    order = apply(seen).order
    assert seen.payments is not None
    (payment,) = seen.payments
    whats = [
        apply_payment(order.shop, order.remote_id, replace(payment, status=status), ORIGIN).what
        for status in ("success", "pending", "unknown", "success")
    ]
    assert whats == ["changed", "unchanged", "unchanged", "unchanged"]
    assert order.payments.get().status == "success"
