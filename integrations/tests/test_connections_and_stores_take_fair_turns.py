"""No store and no receiver can use up what another needs: room per connection, turns per store."""

import pytest

from integrations import claiming, sending
from integrations.endpoints import add_endpoint
from integrations.models import Connection, Delivery
from integrations.tests.clock import later
from orders.tests.builders import make_order, make_shop

pytestmark = pytest.mark.django_db


def claim(room: int = 256) -> list[claiming.Claimed]:
    claiming.ensure_health()
    return claiming.claim(["webhook"], room).deliveries


def prove(receiver, *endpoints) -> None:
    """A success a moment ago."""
    make_order(shop=make_shop("proof.myshopify.com"))
    sending.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def shops_of(claimed) -> list[str]:
    return [delivery.event.shop for delivery in claimed]


def test_a_store_with_many_events_leaves_a_turn_to_the_other(receiver):
    endpoint = add_endpoint("agency", receiver.url, ["*"])
    prove(receiver)
    loud, quiet = make_shop("loud.myshopify.com"), make_shop("quiet.myshopify.com")
    for _ in range(60):
        make_order(shop=loud)
    make_order(shop=quiet)
    Connection.objects.filter(pk=endpoint.pk).update(most_in_flight=2)
    assert sorted(shops_of(claim())) == ["loud.myshopify.com", "quiet.myshopify.com"]


def test_a_long_queue_of_one_order_does_not_hide_the_others(receiver):
    add_endpoint("partner", receiver.url, ["*"])
    prove(receiver)
    busy = make_order()
    entry = busy.journal.get()
    for _ in range(150):
        entry.pk = entry.public_id = None
        entry.save(force_insert=True)
        Delivery.objects.create(
            connection=Connection.objects.get(), entry=entry, order=busy, shop=busy.shop, due_at=entry.created_at
        )
    other = make_order()
    assert {delivery.event.order[0] for delivery in claim()} == {busy.public_id}
    assert {delivery.event.order[0] for delivery in claim()} == {other.public_id}


def test_what_waits_behind_another_is_read_once(receiver):
    add_endpoint("partner", receiver.url, ["*"])
    test_order = make_order()
    first = Delivery.objects.get()
    entry = test_order.journal.get()
    for _ in range(5):
        entry.pk = entry.public_id = None
        entry.save(force_insert=True)
        Delivery.objects.create(
            connection=first.connection, entry=entry, order=test_order, shop=test_order.shop, due_at=first.due_at
        )
    assert [delivery.id for delivery in claim()] == [first.pk]
    ids = list(Delivery.objects.order_by("id").values_list("id", flat=True))
    assert list(Delivery.objects.order_by("id").values_list("behind", flat=True)) == [None, *ids[:-1]]
    later(60)
    sending.drain()
    assert [r.headers["webhook-id"] for r in receiver.received] == list(
        test_order.journal.order_by("id").values_list("public_id", flat=True)
    )
    assert set(Delivery.objects.values_list("behind", flat=True)) == {None}


def test_a_connection_gets_no_more_at_a_time_than_its_limit(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    prove(receiver)
    Connection.objects.filter(pk=endpoint.pk).update(most_in_flight=7)
    for _ in range(20):
        make_order()
    assert len(claim()) == 7
    assert claim() == []


def test_receivers_that_have_not_proved_themselves_share_half_of_the_room(receiver):
    proven = add_endpoint("proven", receiver.url, ["*"])
    prove(receiver)
    for number in range(40):
        add_endpoint(f"new {number}", receiver.url, ["*"])
    for _ in range(10):
        make_order()
    claimed = claim(room=64)
    at = {delivery.connection_id for delivery in claimed}
    unproven = [delivery for delivery in claimed if delivery.connection_id != proven.pk]
    assert proven.pk in at
    assert len(unproven) == 32
    assert sum(1 for delivery in claimed if delivery.connection_id == proven.pk) == 10


def test_a_rate_limit_is_kept_and_what_waits_for_it_goes_later(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    prove(receiver)
    Connection.objects.filter(pk=endpoint.pk).update(most_per_second=5)
    for _ in range(30):
        make_order()
    later(10)  # the bucket is full: as many as may go in one second
    first = claiming.claim(["webhook"], 256)
    assert len(first.deliveries) == 5
    none = claiming.claim(["webhook"], 256)
    assert none.deliveries == []
    assert 0 < none.wait <= 0.2
    later(0.61)
    assert len(claiming.claim(["webhook"], 256).deliveries) == 3


def test_a_slow_rate_still_lets_one_go(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    prove(receiver)
    Connection.objects.filter(pk=endpoint.pk).update(most_per_second=0.5)
    make_order(), make_order()
    later(10)
    assert len(claim()) == 1
    later(1.0)
    assert claim() == []
    later(1.1)
    assert len(claim()) == 1


def test_a_paused_connection_takes_no_room(receiver):
    endpoint = add_endpoint("partner", receiver.url, ["*"])
    make_order()
    Connection.objects.filter(pk=endpoint.pk).update(paused_at="2026-01-01T00:00Z", paused_because="test")
    assert claim() == []
