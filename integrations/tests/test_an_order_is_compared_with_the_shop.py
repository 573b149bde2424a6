"""The difference page of a shop: *Compare now* reads the order there, *Heal* lets it in, errors are said in words."""

import json
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client

from integrations import comparing
from integrations.models import Connection, Delivery, Drift
from integrations.shopify.arriving import apply_order, read_and_apply
from integrations.shopify.translate import order_snapshot, parse
from integrations.standing import CONFLICT, standings
from integrations.tests.console import make_connection
from integrations.tests.shopify import connect
from integrations.tests.sync import difference_url, lead_client, shown, text_of
from orders.models import JournalEntry, Order
from orders.tests.builders import make_order, make_shop
from orders.tests.console import reader_client
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(db) -> Client:
    return lead_client()


@pytest.fixture
def order(sandbox, shopify) -> Order:
    """An order of the sandbox's shop with a parcel and a refund, taken in by its webhook's body, then by a read."""
    placed = sandbox.place(lines=[{"sku": "FW-MUG", "quantity": 3}])
    sandbox.press(placed["id"], "fulfil", tracking_company="UPS", tracking_number="1Z999")
    line = body_of(sandbox, placed["id"])["line_items"][0]["id"]
    sandbox.press(placed["id"], "refund", lines=[{"line_id": line, "quantity": 1}])
    return heard_of(sandbox, shopify, placed["id"])


def body_of(sandbox: Any, order_id: int) -> dict[str, Any]:
    return parse(json.dumps(sandbox.get(f"/sandbox/orders/{order_id}.json")["order"]).encode())


def heard_of(sandbox: Any, shopify: Connection, order_id: int) -> Order:
    apply_order(shopify, order_snapshot(body_of(sandbox, order_id)))
    outcome = read_and_apply(shopify, order_id)
    assert outcome is not None
    return outcome.order


def press(client: Client, connection: Connection, order: Order, verb: str) -> Any:
    return client.post(difference_url(connection, order), {"verb": verb}, follow=True)


def test_an_order_that_came_by_webhook_agrees_with_the_shop(lead, shopify, order):
    assert "both agree in every field" in text_of(press(lead, shopify, order, "compare"))
    assert Drift.objects.count() == 0


def test_what_differs_is_kept_and_shown_side_by_side(lead, shopify, order):
    Order.objects.filter(pk=order.pk).update(note="Typed over", financial_status="pending")
    order.lines.update(current_quantity=3)
    page = text_of(press(lead, shopify, order, "compare"))
    assert "3 fields differ" in page
    assert "Payment status pending partially_refunded" in page
    assert "Note Typed over nothing" in page
    assert "quantity left 3 2" in page
    drift = Drift.objects.get()
    assert (drift.order, drift.connection, drift.healed_at) == (order, shopify, None)
    assert standings([order.pk])[order.pk, shopify.pk].kind == CONFLICT


def test_comparing_twice_keeps_one_drift_and_when_it_was_found(lead, shopify, order):
    Order.objects.filter(pk=order.pk).update(note="Typed over")
    press(lead, shopify, order, "compare")
    first = Drift.objects.get()
    Order.objects.filter(pk=order.pk).update(phone="+1")
    press(lead, shopify, order, "compare")
    drift = Drift.objects.get()
    assert (drift.pk, drift.found_at) == (first.pk, first.found_at)
    assert {row["field"] for row in drift.fields} == {"note", "phone"}


def test_a_drift_that_is_gone_is_closed_by_who_compared(lead, shopify, order):
    Order.objects.filter(pk=order.pk).update(note="Typed over")
    press(lead, shopify, order, "compare")
    Order.objects.filter(pk=order.pk).update(note=order.note)
    assert "both agree" in text_of(press(lead, shopify, order, "compare"))
    drift = Drift.objects.get()
    assert drift.healed_at is not None
    assert drift.healed_by == "staff:lea"


def test_healing_takes_the_shops_order_in_through_the_door(lead, shopify, order):
    """Also what the last snapshot's digest would say is known already."""
    told = make_connection()
    Order.objects.filter(pk=order.pk).update(note="Typed over")
    press(lead, shopify, order, "compare")
    assert "Healed" in text_of(press(lead, shopify, order, "heal"))
    order.refresh_from_db()
    assert order.note == ""
    entry = JournalEntry.objects.latest("id")
    assert (entry.action, entry.facts["changed"], entry.source) == ("order.updated", ["note"], shopify.public_id)
    assert Delivery.objects.get(entry=entry).connection == told
    assert Drift.objects.get().healed_by == "staff:lea"
    page = shown(lead, difference_url(shopify, order))
    assert "No difference is known" in page
    assert "Differed before 1 field" in page


def test_healing_what_agrees_changes_nothing(lead, shopify, order):
    before = JournalEntry.objects.count()
    press(lead, shopify, order, "heal")
    assert JournalEntry.objects.count() == before


def test_what_may_not_be_taken_over_is_said(lead, shopify, order):
    """A line that the shop does not show is never removed here."""
    order.lines.create(remote_id=1, title="Ghost", quantity=1, current_quantity=1)
    answer = press(lead, shopify, order, "heal")
    assert answer.status_code == 409
    assert "1 field still differs" in text_of(answer)
    assert order.lines.filter(title="Ghost").exists()
    assert Drift.objects.get().healed_at is None


def test_an_answer_older_than_ours_is_no_drift(lead, shopify, order):
    later = order.remote_updated_at.replace(year=2027)
    Order.objects.filter(pk=order.pk).update(remote_updated_at=later, note="From a newer webhook")
    for verb in ("compare", "heal"):
        answer = press(lead, shopify, order, verb)
        assert answer.status_code == 409
        assert "answer is older than what we have" in text_of(answer)
    order.refresh_from_db()
    assert order.note == "From a newer webhook"
    assert Drift.objects.count() == 0


def test_an_order_that_the_shop_does_not_show_is_said(lead, shopify):
    order = make_order(shop=shopify.shop)
    for verb in ("compare", "heal"):
        answer = press(lead, shopify, order, verb)
        assert answer.status_code == 409
        assert "Shopify does not show us this order" in text_of(answer)


def test_a_shop_that_does_not_answer_is_said_in_words(lead):
    shopify = connect(api_url="http://127.0.0.1:9")
    order = make_order(shop=shopify.shop)
    for verb in ("compare", "heal"):
        answer = press(lead, shopify, order, verb)
        assert answer.status_code == 409
        assert "Nothing was compared; try again in a minute" in text_of(answer)


def test_a_refused_token_is_said_in_words(lead, sandbox):
    shopify = connect(sandbox.shop, api_url=sandbox.url, token="wrong")
    answer = press(lead, shopify, make_order(shop=shopify.shop), "compare")
    assert answer.status_code == 409
    assert "Shopify refuses our token" in text_of(answer)


def test_an_agent_reads_and_does_not_press():
    shopify = make_connection("shopify", "Shopify")
    order = make_order(shop=shopify.shop)
    agent = agent_client()
    assert 'name="verb"' not in agent.get(difference_url(shopify, order)).content.decode()
    for verb in ("compare", "heal"):
        assert press(agent, shopify, order, verb).status_code == 403


def test_who_may_not_see_orders_does_not_see_them_here():
    shopify = make_connection("shopify", "Shopify")
    order = make_order(shop=shopify.shop)
    reader = reader_client("integrations.view_connection", "integrations.view_delivery")
    assert reader.get(difference_url(shopify, order)).status_code == 403


def test_another_shops_order_has_no_page_here(lead):
    shopify = make_connection("shopify", "Shopify")
    order = make_order(shop=make_shop("other.myshopify.com"))
    assert lead.get(difference_url(shopify, order)).status_code == 404
    assert lead.get(f"/admin/integrations/drift/{shopify.pk}/order/999999/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_shop_is_read_outside_of_any_transaction(lead, receiver):
    """The stand-in's answer comes while our request is handled; by then no transaction may be open."""
    shopify = connect(api_url=receiver.url.removesuffix("/hook"))
    order = make_order(shop=shopify.shop)
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ours = cursor.fetchone()[0]
    states = []

    def answer(_: Any) -> tuple[int, dict[str, str], bytes]:
        with database.copy().cursor() as cursor:
            cursor.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [ours])
            states.append(cursor.fetchone()[0])
            cursor.connection.close()
        return 200, {}, b'{"data": {"order": null}}'

    receiver.answer = answer
    press(lead, shopify, order, "compare")
    assert states == ["idle"]
    assert comparing.compare(shopify, order, by="tests").what == "hidden"


@pytest.mark.parametrize(
    "fields",
    [
        {"protected": True},
        {"currency": "JPY"},
        {"currency": "USD", "presentment_currency": "EUR"},
        {"customer": False, "shipping_address": False},
    ],
)
def test_no_kind_of_order_differs_only_for_having_come_by_webhook(sandbox, shopify, fields):
    """Each false alarm would be looked at by somebody. What bodies do not carry comes by messages of its own."""
    unsaid = {"payments", "fulfillment_orders", "risk", "return_status"}
    if "presentment_currency" in fields:  # they name a refund's money in one of its two currencies
        unsaid.add("refunds")
    placed = sandbox.place(**fields)
    order = apply_order(shopify, order_snapshot(body_of(sandbox, placed["id"]))).order
    for press in (True, False):
        found = comparing.compare(shopify, order, by="tests").found
        assert {difference.field.split(".")[0] for difference in found} <= unsaid
        if press:
            sandbox.press(placed["id"], "cancel")
        apply_order(shopify, order_snapshot(body_of(sandbox, placed["id"])))
