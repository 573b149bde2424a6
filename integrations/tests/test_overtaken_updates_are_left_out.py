"""A receiver that reads the order's present state anyway may ask not to be told of updates that newer ones overtook."""

import pytest
from django.db import transaction

from integrations import sending
from integrations.endpoints import add_endpoint
from integrations.models import Connection, Delivery
from orders.journal import record
from orders.tests.builders import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    Connection.objects.filter(pk=endpoint.pk).update(coalesce=True)
    return endpoint


def happen(order, *actions, subject=""):
    with transaction.atomic():
        for action in actions:
            record(action, shop=order.shop, order=order, by="test", subject=subject)


def told(receiver) -> list[str]:
    return [r.body.split(b'"type":"')[1].split(b'"')[0].decode() for r in receiver.received]


def test_only_the_newest_of_updates_in_a_row_is_sent(endpoint, receiver):
    order = make_order()
    happen(order, *["order.updated"] * 60)
    sending.drain()
    assert told(receiver) == ["order.created", "order.updated"]
    newest = order.journal.order_by("-id").first()
    assert receiver.received[-1].headers["webhook-id"] == newest.public_id
    assert Delivery.objects.filter(state="superseded").count() == 59
    assert not Delivery.objects.filter(behind__isnull=False).exists()


def test_nothing_else_is_left_out_and_the_order_of_things_stays(endpoint, receiver):
    order = make_order()
    happen(order, "order.updated", "order.cancelled", "order.updated", "order.updated", "refund.created")
    sending.drain()
    assert told(receiver) == [
        "order.created", "order.updated", "order.cancelled", "order.updated", "refund.created",
    ]  # fmt: skip


def test_updates_of_different_parcels_are_different_things(endpoint, receiver):
    order = make_order()
    happen(order, "fulfillment.updated", subject="ful_1")
    happen(order, "fulfillment.updated", subject="ful_2")
    sending.drain()
    assert told(receiver) == ["order.created", "fulfillment.updated", "fulfillment.updated"]


def test_who_did_not_ask_is_told_everything(endpoint, receiver):
    Connection.objects.update(coalesce=False)
    order = make_order()
    happen(order, *["order.updated"] * 5)
    sending.drain()
    assert told(receiver) == ["order.created", *["order.updated"] * 5]


def test_an_update_on_its_way_is_not_taken_back(endpoint, receiver):
    order = make_order()
    sending.drain()
    happen(order, "order.updated")
    receiver.answer = lambda r: (500, {}, b"")
    sending.drain()
    first = Delivery.objects.get(state="retrying")
    Delivery.objects.filter(pk=first.pk).update(state="sending", lease_until="2999-01-01T00:00Z")
    happen(order, "order.updated")
    sending.drain()
    first.refresh_from_db()
    assert first.state == "sending"
    assert Delivery.objects.order_by("-id").first().state == "pending"
