"""The forms on an order's page: what is typed becomes a change, refusals keep what was typed, conflicts are decided."""

import pytest
from django.urls import reverse

from orders import changes, stock
from orders.changes import carrying
from orders.models import Change, Fulfillment, FulfillmentOrder, Order
from orders.stock import ItemSnapshot
from orders.tests.builders import line, make_order, next_id
from orders.tests.console import reader_client

pytestmark = pytest.mark.django_db
MAY = ("orders.view_order", "orders.change_order")


def ask_url(order: Order, kind: str) -> str:
    return reverse("admin:orders_order_ask", args=[order.pk, kind])


def page_url(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def address_typed(**other):
    return {"first_name": "Zoë", "last_name": "Lindqvist", "company": "", "address1": "1 Test Street", "address2": "",
            "city": "Springfield", "zip": "62701", "province_code": "IL", "country_code": "US", "phone": "",
            "verb": "ask", **other}  # fmt: skip


def test_only_what_was_typed_anew_becomes_the_change():
    order, client = make_order(), reader_client(*MAY)
    assert "1 Test Street" in client.get(ask_url(order, "address")).content.decode()
    answer = client.post(ask_url(order, "address"), address_typed(address1="2 New Road", country_code="us"))
    assert answer.status_code == 302
    assert answer.url == page_url(order)
    change = Change.objects.get()
    assert (change.kind, change.wanted, change.base) == (
        "address", {"address1": "2 New Road"}, {"address1": "1 Test Street"},
    )  # fmt: skip
    assert change.by == "staff:reader"
    page = client.get(page_url(order)).content.decode()
    assert "Waiting to be sent" in page
    assert "street: 2 New Road" in page


def test_a_refusal_keeps_what_was_typed_and_points_at_it():
    order, client = make_order(), reader_client(*MAY)
    answer = client.post(ask_url(order, "contact"), {"verb": "ask", "email": "not an address", "phone": ""})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "is not an e-mail address" in page
    assert 'value="not an address" aria-invalid="true"' in page
    assert not Change.objects.exists()


def test_tags_on_the_line_are_put_on_and_taken_off():
    order, client = make_order(tags=["vip", "spring"]), reader_client(*MAY)
    client.post(ask_url(order, "tags"), {"verb": "ask", "tags": "spring, fragile"})
    assert Change.objects.get().wanted == {"add": ["fragile"], "remove": ["vip"]}


def conflict(order: Order) -> Change:
    change = changes.change_address(order, {"address1": "2 New Road", "zip": "1"}, by="staff:ana")
    return carrying.conflicting(change, {"address1": "3 Other Lane", "zip": "9"}, by="shopify")


def test_a_conflict_is_shown_field_by_field_and_decided_field_by_field():
    order, client = make_order(), reader_client(*MAY)
    change = conflict(order)
    page = client.get(page_url(order)).content.decode()
    for text in ("Changed on both sides", "1 Test Street", "2 New Road", "3 Other Lane", "Keep ours", "Keep theirs"):
        assert text in page
    client.post(page_url(order), {"verb": "keep_theirs", "change": change.pk, "field": "zip"})
    change.refresh_from_db()
    assert (change.state, change.theirs) == ("conflict", {"address1": "3 Other Lane"})
    client.post(page_url(order), {"verb": "keep_ours", "change": change.pk, "field": "address1"})
    change.refresh_from_db()
    assert (change.state, change.wanted, change.base) == (
        "queued", {"address1": "2 New Road"}, {"address1": "3 Other Lane"},
    )  # fmt: skip


def test_a_change_is_given_up_before_the_shop_has_it_and_only_then():
    order, client = make_order(), reader_client(*MAY)
    change = changes.change_note(order, "leave at the door", by="staff:ana")
    assert client.post(page_url(order), {"verb": "withdraw", "change": change.pk}).status_code == 302
    again = client.post(page_url(order), {"verb": "withdraw", "change": change.pk})
    assert again.status_code == 409
    assert "given up" in again.content.decode()


def test_a_change_of_another_order_is_not_decided_here():
    order, client = make_order(), reader_client(*MAY)
    other = conflict(make_order(name="#2"))
    for pk in (other.pk, "x", "9" * 40, ""):
        answer = client.post(page_url(order), {"verb": "keep_theirs", "change": pk})
        assert answer.status_code == 409, pk
    other.refresh_from_db()
    assert other.state == "conflict"


def test_an_order_that_is_cancelled_has_no_address_to_change():
    order = make_order(cancelled_at="2026-11-20T12:00:00Z")
    client = reader_client(*MAY)
    assert "There is nothing to ask for here" in client.get(ask_url(order, "address")).content.decode()
    assert client.post(ask_url(order, "address"), address_typed(city="Elsewhere")).status_code == 409
    assert not Change.objects.exists()


def test_who_may_only_read_sees_no_button_and_may_press_none():
    order, client = make_order(), reader_client("orders.view_order")
    change = conflict(order)
    page = client.get(page_url(order)).content.decode()
    assert "3 Other Lane" in page
    assert "Keep ours" not in page
    assert client.get(ask_url(order, "address")).status_code == 403
    assert client.post(ask_url(order, "note"), {"verb": "ask", "note": "x"}).status_code == 403
    assert client.post(page_url(order), {"verb": "keep_ours", "change": change.pk}).status_code == 403
    assert Change.objects.count() == 1


def test_there_is_no_form_for_what_is_not_a_change():
    assert reader_client(*MAY).get(ask_url(make_order(), "colour")).status_code == 404


LEAD = (*MAY, "orders.change_lineitem", "orders.add_refund", "orders.add_return", "orders.delete_order")


def test_quantities_that_are_set_anew_become_an_edit():
    order, client = make_order(line("Teapot", 3), line("Mug", 2)), reader_client(*LEAD)
    teapot, mug = order.lines.get(title="Teapot"), order.lines.get(title="Mug")
    typed = {f"units-{teapot.pk}": "1", f"units-{mug.pk}": "2", "restock": "on", "sku": "", "verb": "ask"}
    assert client.post(ask_url(order, "edit"), typed).status_code == 302
    assert Change.objects.get().wanted["lines"] == {str(teapot.remote_id): 1}
    assert "Teapot: 1" in client.get(page_url(order)).content.decode()


def test_an_article_is_added_by_its_sku_or_refused():
    order, client = make_order(), reader_client(*LEAD)
    stock.write_item(order.shop, ItemSnapshot(77, variant_id=770, sku="NEW-1"))
    typed = {"sku": "NEW-2", "quantity": "2", "verb": "ask"}
    assert "We know no article" in client.post(ask_url(order, "edit"), typed).content.decode()
    client.post(ask_url(order, "edit"), {**typed, "sku": "NEW-1"})
    assert Change.objects.get().wanted["add"] == [{"variant_id": "770", "quantity": 2}]


def test_a_unit_is_asked_to_be_paid_back_once():
    order, client = make_order(line("Teapot", 2)), reader_client(*LEAD)
    teapot = order.lines.get()
    typed = {f"units-{teapot.pk}": "2", "note": "broken", "verb": "ask"}
    assert client.post(ask_url(order, "refund"), typed).status_code == 302
    again = client.post(ask_url(order, "refund"), {**typed, f"units-{teapot.pk}": "1"})
    page = again.content.decode()
    assert again.status_code == 409
    assert f'name="units-{teapot.pk}" min="0" value="1"' in page
    assert 'aria-invalid="true"' in page
    assert Change.objects.count() == 1


def test_a_number_that_is_none_is_refused_with_what_was_typed():
    order, client = make_order(), reader_client(*LEAD)
    pk = order.lines.get().pk
    for text in ("two", "-1", "1e3", "٣", "9" * 30):
        answer = client.post(ask_url(order, "refund"), {f"units-{pk}": text, "verb": "ask"})
        assert answer.status_code == 409, text
        assert f'value="{text}"' in answer.content.decode()
    assert not Change.objects.exists()


def test_cancelling_asks_whether_one_is_sure():
    order, client = make_order(), reader_client(*LEAD)
    typed = {"reason": "customer", "refund": "original", "restock": "on", "verb": "ask"}
    assert "does not come back" in client.post(ask_url(order, "cancel"), typed).content.decode()
    assert client.post(ask_url(order, "cancel"), {**typed, "sure": "on"}).status_code == 302
    wanted = Change.objects.get().wanted
    assert (wanted["reason"], wanted["refund"], wanted["restock"], wanted["notify"]) == (
        "customer",
        "original",
        True,
        False,
    )


def test_store_credit_is_an_amount_that_the_currency_has():
    order, client = make_order(), reader_client(*LEAD)
    assert client.post(ask_url(order, "store_credit"), {"amount": "1.005", "verb": "ask"}).status_code == 409
    assert client.post(ask_url(order, "store_credit"), {"amount": " 12.5 ", "verb": "ask"}).status_code == 302
    assert "12.50 USD" in client.get(page_url(order)).content.decode()


def test_money_needs_more_than_the_right_to_change_an_order():
    order = make_order()
    lead = reader_client(*LEAD)
    lead.post(ask_url(order, "gift_card"), {"amount": "5", "verb": "ask"})
    agent = reader_client(*MAY, username="agent")
    for kind in ("refund", "gift_card", "store_credit", "cancel", "edit", "return"):
        assert agent.get(ask_url(order, kind)).status_code == 403, kind
        assert agent.post(ask_url(order, kind), {"verb": "ask", "amount": "5"}).status_code == 403, kind
    page = agent.get(page_url(order)).content.decode()
    assert "Give it up" not in page
    assert agent.post(page_url(order), {"verb": "withdraw", "change": Change.objects.get().pk}).status_code == 403


PARCELS = (*MAY, "orders.change_fulfillment")


def work_for(order: Order, units: int = 2, **fields) -> FulfillmentOrder:
    """Work for a location with `units` of the order's line left to send."""
    lines = [{"id": 1, "line": order.lines.get().remote_id, "total": units, "remaining": units}]
    return FulfillmentOrder.objects.create(
        order=order, remote_id=next_id(), status="open", location_id=10, location_name="Main", lines=lines, **fields
    )


def test_a_parcel_is_what_is_left_with_its_tracking():
    order, client = make_order(line("Teapot", 2)), reader_client(*PARCELS)
    work_for(order)
    pk = order.lines.get().pk
    assert f'name="units-{pk}" min="0" value="2"' in client.get(ask_url(order, "fulfil")).content.decode()
    typed = {f"units-{pk}": "1", "company": "UPS", "numbers": "1Z1, 1Z2", "urls": "", "verb": "ask"}
    assert client.post(ask_url(order, "fulfil"), typed).status_code == 302
    wanted = Change.objects.get().wanted
    assert (wanted["lines"], wanted["numbers"]) == ({str(order.lines.get().remote_id): 1}, ["1Z1", "1Z2"])


def test_work_is_held_and_moved_to_a_location_that_is_in_use():
    order, client = make_order(line("Teapot", 2)), reader_client(*PARCELS)
    work = work_for(order)
    stock.write_location(order.shop, 20, name="East")
    typed = {"fulfillment_order": work.public_id, "reason": "incorrect_address", "notes": "call first", "verb": "ask"}
    assert client.post(ask_url(order, "hold"), typed).status_code == 302
    assert "East" in client.get(ask_url(order, "move")).content.decode()
    typed = {"fulfillment_order": work.public_id, "location": "20", "verb": "ask"}
    assert client.post(ask_url(order, "move"), typed).status_code == 302
    assert [change.kind for change in Change.objects.order_by("id")] == ["hold", "move"]


def test_where_there_is_nothing_to_send_or_release_the_form_says_so():
    order, client = make_order(), reader_client(*PARCELS)
    for kind in ("tracking", "scan", "hold", "release", "move"):
        assert "There is nothing to ask for here" in client.get(ask_url(order, kind)).content.decode(), kind
        assert client.post(ask_url(order, kind), {"verb": "ask"}).status_code == 409, kind


def test_a_scan_is_added_to_a_parcel_with_its_time():
    order, client = make_order(), reader_client(*PARCELS)
    parcel = Fulfillment.objects.create(order=order, remote_id=next_id(), status="success", name="#1-F1")
    typed = {"fulfillment": parcel.public_id, "status": "delivered", "happened_at": "2026-11-20T10:30", "verb": "ask"}
    assert client.post(ask_url(order, "scan"), typed).status_code == 302
    wanted = Change.objects.get().wanted
    assert (wanted["status"], wanted["happened_at"]) == ("delivered", "2026-11-20T10:30:00+00:00")
