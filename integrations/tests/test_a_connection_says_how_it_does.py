"""The page of a connection: its state in words, lag, throughput, errors, what is stuck, and the buttons."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.admin.connection_page import in_words, sparkline
from integrations.models import Connection, Delivery, DeliveryAttempt
from integrations.tests.console import make_connection
from integrations.tests.sync import ago, connection_page, deliver, lead_client, log, set_health, text_of
from integrations.tries import Throughput, error_kinds, kind_of, newest, tries_of
from orders.models import Order
from orders.tests.builders import make_order
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order()


@pytest.fixture
def warehouse(order) -> Connection:
    """A partner's endpoint to which nothing is open."""
    return make_connection()


def head(connection: Connection) -> str:
    """What stands beside the connection's name."""
    answer = lead_client().get(url(connection))
    found = re.search(r"c-pill sync-state [^>]*>([^<]*)<", answer.content.decode())
    assert found
    return found[1]


def url(connection: Connection) -> str:
    return reverse("admin:integrations_connection_change", args=[connection.pk])


def test_nothing_open_is_in_step(warehouse):
    assert head(warehouse) == "In step"


def test_something_open_is_sending(warehouse, order):
    deliver(warehouse, order)
    assert head(warehouse) == "Sending"


def test_what_was_left_out_is_not_open(warehouse, order):
    deliver(warehouse, order, "superseded")
    assert head(warehouse) == "In step"


def test_parked_deliveries_are_counted(warehouse, order):
    deliver(warehouse, order, "parked")
    deliver(warehouse, order, "parked")
    assert head(warehouse) == "2 deliveries are parked"


def test_an_open_breaker_says_until_when(warehouse, order):
    until = timezone.now() + timedelta(minutes=3)
    set_health(warehouse, open_until=until, failures=6, failing_since=ago(5))
    words = f"Waiting for the breaker until {until.astimezone(UTC):%H:%M:%S} UTC after 6 failures in a row"
    assert head(warehouse) == words


def test_a_line_that_is_throttled_says_so_and_blames_nobody(warehouse, order):
    until = timezone.now() + timedelta(seconds=30)
    set_health(warehouse, open_until=until)
    assert head(warehouse) == f"Throttled: waiting until {until.astimezone(UTC):%H:%M:%S} UTC, as it asked"


def test_a_breaker_whose_time_is_over_is_failing_still(warehouse):
    set_health(warehouse, open_until=ago(1), failures=6, failing_since=datetime(2026, 11, 20, 9, 30, tzinfo=UTC))
    assert head(warehouse) == "Failing since 20 Nov 09:30 UTC"


def test_a_recovering_line_says_how_many_go_at_a_time(warehouse, order):
    deliver(warehouse, order)
    set_health(warehouse, recovering=4)
    assert head(warehouse) == "Recovering, 4 at a time"


def test_a_pause_goes_before_everything_else(warehouse):
    set_health(warehouse, open_until=timezone.now() + timedelta(minutes=3), failing_since=ago(5))
    Connection.objects.filter(pk=warehouse.pk).update(paused_at=timezone.now(), paused_because="They move house")
    assert head(warehouse) == "Paused: They move house"


def test_the_list_says_the_same(warehouse):
    set_health(warehouse, recovering=4)
    page = lead_client().get("/admin/integrations/connection/").content.decode()
    assert "Recovering, 4 at a time" in page


def test_lag_is_how_long_the_oldest_has_waited_and_does_not_count_what_is_parked(warehouse, order):
    deliver(warehouse, order, due_at=ago(12))
    parked = deliver(warehouse, order, "parked", created_at=ago(300))
    deliver(warehouse, order, due_at=ago(200), behind=parked.pk)
    page = connection_page(lead_client(), warehouse)
    assert "Lag 12 min" in page
    assert "Open 3" in page


def test_what_is_tried_again_later_lags_all_the_same(warehouse, order):
    deliver(warehouse, order, "retrying", attempts=3, created_at=ago(90), due_at=timezone.now() + timedelta(hours=1))
    assert "Lag 1 h" in connection_page(lead_client(), warehouse)


def test_without_anything_due_there_is_no_lag(warehouse, order):
    deliver(warehouse, order, "parked", created_at=ago(300))
    assert "Lag none" in connection_page(lead_client(), warehouse)


def test_the_oldest_stuck_order_is_linked_with_its_reason(warehouse, order):
    old = deliver(warehouse, order, "parked", parked_because="refused", created_at=ago(200))
    deliver(warehouse, make_order(name="#1002"), "parked")
    answer = lead_client().get(url(warehouse))
    assert "Stuck longest #1001 since 3 h: Refused by the receiver" in text_of(answer)
    assert f"/admin/integrations/drift/{warehouse.pk}/order/{order.pk}/" in answer.content.decode()
    assert f"/admin/integrations/delivery/{old.pk}/change/" in answer.content.decode()


def test_throughput_counts_this_connection_and_the_last_hour(warehouse, order):
    other = make_connection(label="Other")
    for minutes in (1, 1, 30, 70):
        log(deliver(warehouse, order, "delivered", delivered_at=ago(minutes)), started_at=ago(minutes))
    log(deliver(other, order, "delivered"))
    log(deliver(warehouse, order, "retrying"), "No answer", None)
    page = connection_page(lead_client(), warehouse)
    assert "Delivered, last hour 3" in page
    assert "3 delivered in the last hour, 2 of them in the last ten minutes; at most 2 in one minute." in page


def test_the_drawing_has_words_for_those_who_do_not_see_it(warehouse):
    page = lead_client().get(url(warehouse)).content.decode()
    assert 'role="img" aria-label="Nothing was delivered in the last hour."' in page
    minutes = [(ago(60 - index), index) for index in range(60)]
    points = sparkline(Throughput(minutes, None)).split(" ")
    assert len(points) == 60
    assert points[0] == "0.0,40.0"
    assert points[-1] == "240.0,2.0"
    assert in_words(Throughput(minutes, None)).startswith("1,770 delivered")


def test_a_long_log_says_from_when_it_was_counted(warehouse, order, monkeypatch):
    monkeypatch.setattr("integrations.tries.NEWEST", 2)
    for minutes in (30, 20, 10):
        log(deliver(warehouse, order, "delivered", delivered_at=ago(minutes)), started_at=ago(minutes))
    page = connection_page(lead_client(), warehouse)
    assert "2 delivered in the last hour" in page
    assert f"Counted from {ago(20).astimezone(UTC):%H:%M}" in page


@pytest.mark.parametrize(
    "status, outcome, kind",
    [
        (200, "Shopify throttles us.", "Shopify throttles us"),
        (200, "Shopify refused the query: x", "Refused by the system's rules"),
        (422, "The receiver refused it with 422.", "Refused by the receiver (422)"),
        (410, "The receiver says 410: it wants no more.", "The receiver wants no more (410)"),
        (429, "The receiver answered 429.", "Too many requests for the receiver (429)"),
        (503, "The receiver answered 503.", "Error at the receiver (503)"),
        (302, "The receiver answered 302. Redirects are not followed", "Redirects, which are not followed (302)"),
        (None, "No whole answer within 15 s.", "Timed out"),
        (None, "No answer: Failed to connect to 127.0.0.1 port 9", "Connection refused"),
        (None, "No answer: Could not resolve host: nowhere.example", "Name not found"),
        (None, "TLS failed: certificate has expired", "TLS failed"),
        (None, "10.0.0.1 resolves to 10.0.0.1, which is not public.", "Address not allowed"),
        (None, "ValueError: a bug", "Another failure"),
    ],
)
def test_each_outcome_has_a_kind(status, outcome, kind):
    assert kind_of(status, outcome) == kind


def test_a_try_that_went_well_is_no_error_whatever_its_words(warehouse, order):
    delivery = deliver(warehouse, order, "delivered")
    log(delivery, "In conflict: the shop changed address1 too.", 200)
    log(delivery, "Nothing to do: it was undone or is done already.", None, went_well=True)
    assert error_kinds(tries_of(warehouse.pk, newest())) == []


def test_error_kinds_are_counted_for_a_day(warehouse, order):
    delivery = deliver(warehouse, order, "retrying")
    for status, outcome in (
        (503, "The receiver answered 503."),
        (503, "The receiver answered 503."),
        (None, "No whole answer within 15 s."),
    ):
        log(delivery, outcome, status)
    log(delivery, "The receiver answered 500.", 500, started_at=ago(25 * 60))
    page = connection_page(lead_client(), warehouse)
    assert "Error at the receiver (503) now 2" in page
    assert "Timed out now 1" in page
    assert "(500)" not in page[: page.index("Last tries")]


def test_the_newest_tries_are_listed_with_answer_and_time(warehouse, order):
    delivery = deliver(warehouse, order, "retrying")
    log(delivery, "The receiver answered 503.", 503, milliseconds=1234)
    page = connection_page(lead_client(), warehouse)
    assert "503 The receiver answered 503. 1234 ms" in page


def test_all_parked_are_sent_again_by_one_button(warehouse, order):
    for _ in range(3):
        deliver(warehouse, order, "parked")
    lead = lead_client()
    assert "Send all 3 parked again" in connection_page(lead, warehouse)
    answer = lead.post(url(warehouse), {"verb": "again"}, follow=True)
    assert "3 deliveries are sent again" in text_of(answer)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert "Nothing was parked any more." in text_of(lead.post(url(warehouse), {"verb": "again"}, follow=True))


def test_everything_since_a_moment_is_sent_again(warehouse, order):
    deliver(warehouse, order, "delivered")
    deliver(warehouse, order, "parked")
    lead = lead_client()
    answer = lead.post(url(warehouse), {"verb": "since", "since": f"{ago(10):%Y-%m-%dT%H:%M}"}, follow=True)
    assert "2 deliveries are sent again" in text_of(answer)
    answer = lead.post(url(warehouse), {"verb": "since", "since": f"{ago(10):%Y-%m-%dT%H:%M}"}, follow=True)
    assert "0 deliveries are sent again" in text_of(answer)


@pytest.mark.parametrize(
    "typed, said",
    [
        ("", "Say since when"),
        ("yesterday", "Say since when"),
        ("2026-01-01T00:00", "Only the last 30 days"),
        ("2999-01-01T00:00", "has not come yet"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_in_words(warehouse, order, typed, said):
    deliver(warehouse, order, "delivered")
    answer = lead_client().post(url(warehouse), {"verb": "since", "since": typed})
    assert answer.status_code == 409
    assert said in text_of(answer)
    assert Delivery.objects.get().state == "delivered"


@pytest.mark.parametrize("verb", ["pause", "resume", "again", "since"])
def test_an_agent_presses_nothing(warehouse, order, verb):
    deliver(warehouse, order, "parked")
    agent = agent_client()
    page = agent.get(url(warehouse)).content.decode()
    assert 'name="verb"' not in page
    assert agent.post(url(warehouse), {"verb": verb, "since": f"{ago(5):%Y-%m-%dT%H:%M}"}).status_code == 403
    assert Delivery.objects.get().state == "parked"


def test_a_removed_endpoint_cannot_be_set_going(warehouse, order):
    deliver(warehouse, order, "parked")
    Connection.objects.filter(pk=warehouse.pk).update(removed_at=timezone.now(), paused_at=timezone.now())
    lead = lead_client()
    assert head_of(lead, warehouse) == "Removed by its owner"
    for verb in ("resume", "again", "since"):
        assert lead.post(url(warehouse), {"verb": verb}).status_code == 409
    assert Delivery.objects.get().state == "parked"


def head_of(client, connection: Connection) -> str:
    found = re.search(r"c-pill sync-state [^>]*>([^<]*)<", client.get(url(connection)).content.decode())
    assert found
    return found[1]


def test_answers_are_not_read_for_the_list_of_tries(warehouse, order, django_assert_num_queries):
    delivery = deliver(warehouse, order, "retrying")
    for _ in range(5):
        log(delivery, "The receiver answered 503.", 503, answer="x" * 4000)
    assert DeliveryAttempt.objects.count() == 5
    assert "xxxx" not in connection_page(lead_client(), warehouse)


def test_the_endpoints_settings_are_one_click_away(warehouse):
    assert (
        f"/admin/integrations/connection/{warehouse.pk}/endpoint/" in lead_client().get(url(warehouse)).content.decode()
    )
    shopify = make_connection("shopify", "Shopify")
    assert "Settings of the endpoint" not in agent_client().get(url(shopify)).content.decode()


def test_single_refusals_are_no_outage(warehouse, order):
    deliver(warehouse, order, "parked", parked_because="refused")
    set_health(warehouse, failing_since=ago(5), failures=0)
    assert head(warehouse) == "1 delivery is parked"


def test_a_busy_neighbour_does_not_hide_what_is_stuck(warehouse, order, monkeypatch):
    monkeypatch.setattr("integrations.tries.NEWEST", 3)
    log(deliver(warehouse, order, "parked"), "The receiver refused it with 422.", 422, started_at=ago(60))
    busy = make_connection(label="Busy")
    for _ in range(5):
        log(deliver(busy, order, "delivered"))
    page = connection_page(lead_client(), warehouse)
    assert "Refused by the receiver (422) 1 h ago 1" in page
    assert "The log of all connections is long: counted from" in page
    assert "422 The receiver refused it with 422. 12 ms" in page
