"""The difference page of a partner's endpoint: told last, and field by field what did not arrive."""

import pytest

from integrations.models import Delivery
from integrations.tests.console import make_connection
from integrations.tests.sync import ago, deliver, difference_url, entry_of, lead_client, shown, text_of
from orders.intake import Origin, apply_fulfillment
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine
from orders.tests.builders import apply, bag, later, line, make_order, next_id, snapshot
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db


def test_an_order_that_was_never_told_is_out_of_step_as_a_whole():
    warehouse = make_connection()
    order = make_order()
    page = shown(agent_client(), difference_url(warehouse, order))
    assert "Nothing about this order has arrived there yet." in page
    assert "The order itself #1001, 40.00 USD" in page


def test_fields_changed_since_the_last_delivery_are_named_with_their_value_now():
    warehouse = make_connection()
    first = snapshot(line("Teapot", 2), note="Ring twice")
    order = apply(first).order
    Delivery.objects.update(state="delivered", delivered_at=ago(5))
    for number, note in enumerate(("Ring once", "Knock"), start=1):
        newer = snapshot(
            *first.lines, remote_id=order.remote_id, updated_at=later(number), note=note, customer=first.customer,
            amounts={"total": bag("70")},
        )  # fmt: skip
        apply(newer)
    page = shown(agent_client(), difference_url(warehouse, order))
    assert "Told last Order #1001 came in" in page
    untold = page[page.index("Not told yet") : page.index("Waiting, in this order")]
    assert "Note Knock" in untold
    assert "changed 2 times" in untold
    assert "Amounts total 70.00 USD" in untold
    assert "Ring" not in untold
    assert "Payment status" not in untold
    assert "2 on the way" in page


def test_parcels_and_other_events_are_named_too():
    warehouse = make_connection()
    order = make_order()
    Delivery.objects.update(state="delivered", delivered_at=ago(5))
    parcel = FulfillmentSnapshot(
        next_id(), "success", [QuantityOfLine(order.lines.get().remote_id, 1)], name="#1001-F1",
        tracking_numbers=["1Z999"],
    )  # fmt: skip
    apply_fulfillment(order.shop, order.remote_id, parcel, Origin(by="shopify"))
    deliver(warehouse, order, entry=entry_of(order, "claim.closed", "clm_1", outcome="approved"))
    page = shown(agent_client(), difference_url(warehouse, order))
    assert "Parcel #1001-F1, success, 1Z999" in page
    assert "laim" in page[page.index("Not told yet") :]


def test_what_arrived_or_was_left_out_is_in_step():
    warehouse = make_connection()
    order = make_order()
    Delivery.objects.update(state="delivered", delivered_at=ago(5))
    deliver(warehouse, order, "superseded", entry=entry_of(order, changed=["note"]))
    page = shown(agent_client(), difference_url(warehouse, order))
    assert "In step" in page
    assert "Nothing: every event about this order has arrived." in page


def test_a_refused_event_is_a_conflict_and_linked():
    warehouse = make_connection()
    order = make_order()
    Delivery.objects.update(state="parked", parked_because="refused")
    answer = agent_client().get(difference_url(warehouse, order))
    assert "Parked: refused by the receiver" in text_of(answer)
    link = f"/admin/integrations/delivery/{Delivery.objects.get().pk}/change/"
    assert answer.content.decode().count(link) >= 2


def test_odd_facts_hide_nothing():
    warehouse = make_connection()
    order = make_order()
    Delivery.objects.all().delete()
    deliver(warehouse, order, entry=entry_of(order, changed=["no_such_field", 7]))
    deliver(warehouse, order, entry=entry_of(order, changed="text"))
    deliver(warehouse, order, entry=entry_of(order, "something.new", "xyz_1"))
    page = shown(agent_client(), difference_url(warehouse, order))
    assert "No such field" in page
    assert "Something new" in page


def test_a_partners_endpoint_cannot_be_read():
    warehouse = make_connection()
    order = make_order()
    lead = lead_client()
    assert "Compare now" not in shown(lead, difference_url(warehouse, order))
    for verb in ("compare", "heal"):
        answer = lead.post(difference_url(warehouse, order), {"verb": verb})
        assert answer.status_code == 409
        assert "cannot be read" in text_of(answer)


def test_a_hundred_waiting_events_cost_no_more_queries_than_one(django_assert_max_num_queries):
    warehouse = make_connection()
    order = make_order()
    agent = agent_client()
    for _ in range(120):
        deliver(warehouse, order, entry=entry_of(order, changed=["note"]))
    with django_assert_max_num_queries(20):
        page = shown(agent, difference_url(warehouse, order))
    assert "the first 100" in page
