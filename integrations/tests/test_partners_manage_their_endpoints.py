"""/v1/webhook_endpoints: made, read, changed, tried out, removed by its partner, whose secret is shown once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from backoffice.models import IdempotencyRecord
from backoffice.tests.builders import api, assert_problem
from integrations import endpoints, outbox, pausing, sending
from integrations.endpoints import fingerprint
from integrations.models import Connection, Delivery, DeliveryAttempt
from orders.tests.builders import make_order, make_shop

pytestmark = pytest.mark.django_db
PATH = "/v1/webhook_endpoints"


@pytest.fixture
def partner():
    return api()


def make(partner, receiver, **settings) -> dict[str, Any]:
    answer = partner.post(PATH, {"url": receiver.url, "events": ["*"], **settings})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def where(endpoint: dict[str, Any], *more: str) -> str:
    return "/".join([PATH, endpoint["id"], *more])


def test_one_is_made_with_its_settings_and_used(partner, receiver):
    make_shop("other.myshopify.com")
    shop = make_shop().domain
    settings = {"events": ["order.*", "claim.closed"], "shops": [shop], "coalesce": True, "most_in_flight": 4}
    made = make(partner, receiver, most_per_second=2.5, payload_version="2026-11", **settings)
    make_order()
    make_order(shop=make_shop("other.myshopify.com"))
    sending.drain()
    [message] = receiver.received
    assert Webhook(made["secret"]).verify(message.body, message.headers)["shop"] == shop
    read = partner.get(where(made)).json()
    assert {**settings, "most_per_second": 2.5}.items() <= read.items()
    assert (read["state"], read["failing_since"]) == ("active", None)
    assert read["last_success_at"]
    assert read["secret_fingerprint"] == fingerprint(made["secret"])


def test_the_secret_is_in_the_answer_to_the_making_and_nowhere_else(partner, receiver):
    made = make(partner, receiver)
    patched = partner.send("PATCH", where(made), {"coalesce": True})
    for answer in (partner.get(PATH), partner.get(where(made)), patched, partner.get(where(made, "deliveries"))):
        assert answer.status_code == 200
        assert b"secret_fingerprint" in answer.content or b'"data":[]' in answer.content
        assert made["secret"].encode() not in answer.content
        assert b"whsec_" not in answer.content


def test_a_repeated_making_gives_the_same_endpoint_and_secret_and_stores_it_nowhere_in_the_clear(partner, receiver):
    body, key = {"url": receiver.url, "events": ["*"]}, {"Idempotency-Key": "make-1"}
    first, again = partner.post(PATH, body, **key), partner.post(PATH, body, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Connection.objects.count() == 1
    assert first.json()["secret"] not in json.dumps(IdempotencyRecord.objects.get().body)
    partner.post(where(first.json(), "rotate_secret"), {"overlap_hours": 0})
    assert partner.post(PATH, body, **key).json()["secret"] is None


def test_a_rotation_repeated_with_its_key_rotates_once(partner, receiver):
    made = make(partner, receiver)
    path, key = where(made, "rotate_secret"), {"Idempotency-Key": "rotate-1"}
    first, again = partner.post(path, {}, **key).json(), partner.post(path, {}, **key).json()
    assert first["secret"] == again["secret"] != made["secret"]
    stored = Connection.objects.get()
    assert stored.secrets["signing"] == [first["secret"], made["secret"]]
    assert timedelta(hours=23) < stored.old_secret_until - timezone.now() <= timedelta(hours=24)


def test_lists_are_paged_newest_first(partner, receiver):
    ids = [make(partner, receiver, url=f"{receiver.url}/{number}")["id"] for number in range(5)]
    found, cursor = [], None
    while True:
        page = partner.get(PATH, limit=2, **({"cursor": cursor} if cursor else {})).json()
        found += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert found == ids[::-1]


def test_a_change_made_on_an_old_copy_is_refused(partner, receiver):
    made = make(partner, receiver)
    tag = partner.get(where(made))["ETag"]
    assert partner.send("PATCH", where(made), {"events": ["order.*"]}, **{"If-Match": tag}).status_code == 200
    refused = partner.send("PATCH", where(made), {"events": ["claim.*"]}, **{"If-Match": tag})
    assert_problem(refused, 412, "changed_meanwhile")
    assert partner.get(where(made)).json()["events"] == ["order.*"]


def test_the_same_address_twice_is_refused_until_the_first_is_removed(partner, receiver):
    made = make(partner, receiver)
    body = {"url": receiver.url, "events": ["*"]}
    assert_problem(partner.post(PATH, body), 422, "invalid_url", "/url")
    other = make(partner, receiver, url=receiver.url + "/2")
    assert_problem(partner.send("PATCH", where(other), {"url": receiver.url}), 422, "invalid_url", "/url")
    assert partner.send("DELETE", where(made)).status_code == 204
    assert make(partner, receiver)["secret"] != made["secret"]


def test_a_removed_endpoint_is_gone_for_its_partner_and_sent_nothing_more(partner, receiver):
    made = make(partner, receiver)
    make_order()
    assert partner.send("DELETE", where(made)).status_code == 204
    make_order()
    sending.drain()
    assert receiver.received == []
    assert partner.get(PATH).json()["data"] == []
    for answer in (
        partner.get(where(made)), partner.get(where(made, "deliveries")), partner.send("DELETE", where(made)),
        partner.send("PATCH", where(made), {"events": []}), partner.post(where(made, "ping"), {}),
        partner.post(where(made, "rotate_secret"), {}), partner.post(where(made, "resume"), {}),
        partner.post(where(made, "send_again"), {"parked": True}),
    ):  # fmt: skip
        assert_problem(answer, 404, "not_found")
    [delivery] = Delivery.objects.all()
    assert (delivery.state, delivery.result) == ("superseded", "Left out: the endpoint was removed")
    assert not pausing.resume(Connection.objects.get())


def test_a_paused_endpoint_says_so(partner, receiver):
    made = make(partner, receiver)
    pausing.pause(Connection.objects.get(), because="They owe us", by="staff:ana")
    read = partner.get(where(made))
    assert (read.json()["state"], read.json()["paused_because"]) == ("paused", "us")
    assert read.json()["paused_at"]
    assert b"owe" not in read.content  # what staff write about a partner is not for the partner


def test_after_a_410_the_partner_goes_on_by_itself(partner, receiver):
    made = make(partner, receiver)
    receiver.answer = lambda _: (410, {}, b"")
    make_order()
    sending.drain()
    assert partner.get(where(made)).json()["paused_because"] == "gone"
    receiver.answer = lambda _: (200, {}, b"")
    resumed = partner.post(where(made, "resume"), {}).json()
    assert (resumed["state"], resumed["paused_because"], resumed["paused_at"]) == ("active", None, None)
    partner.post(where(made, "send_again"), {"parked": True})
    sending.drain()
    assert len(receiver.received) == 2


def test_a_pause_of_staff_is_not_ended_by_the_partner(partner, receiver):
    made = make(partner, receiver)
    pausing.pause(Connection.objects.get(), because="Every try has failed for 5 days", by="staff:ana")
    assert_problem(partner.post(where(made, "resume"), {}), 409, "paused_by_us")
    assert partner.get(where(made)).json()["state"] == "paused"


def test_a_ping_says_what_came_of_it_and_leaves_no_trace(partner, receiver):
    made = make(partner, receiver)
    receiver.answer = lambda _: (200, {}, b"hello")
    answer = partner.post(where(made, "ping"), {}).json()
    assert (answer["ok"], answer["status"], answer["answer"]) == (True, 200, "hello")
    assert 0 <= answer["milliseconds"] < 5000
    [message] = receiver.received
    body = Webhook(made["secret"]).verify(message.body, message.headers)
    assert (body["type"], body["data"]) == ("endpoint.ping", {"endpoint": made["id"]})
    receiver.answer = lambda _: (503, {}, b"later")
    answer = partner.post(where(made, "ping"), {}).json()
    assert (answer["ok"], answer["status"], answer["answer"]) == (False, 503, "later")
    assert "503" in answer["outcome"]
    assert not Delivery.objects.exists()


def test_a_ping_without_an_answer_says_why(partner, receiver):
    made = make(partner, receiver, url="http://127.0.0.1:1/nobody")
    answer = partner.post(where(made, "ping"), {}).json()
    assert (answer["ok"], answer["status"]) == (False, None)
    assert answer["outcome"]


def test_the_log_shows_each_try_with_status_answer_and_time(partner, receiver):
    made = make(partner, receiver, events=["order.*"])
    receiver.answer = lambda _: (422, {}, b"no such sku" + b"!" * 5000)
    order = make_order()
    sending.drain()
    [row] = partner.get(where(made, "deliveries")).json()["data"]
    assert (row["state"], row["parked_because"], row["order"]) == ("parked", "refused", order.public_id)
    [attempt] = row["log"]
    assert (attempt["number"], attempt["status"], attempt["payload_version"]) == (1, 422, "2026-11")
    assert attempt["answer"].startswith("no such sku!")
    assert len(attempt["answer"]) == 1000
    assert attempt["milliseconds"] >= 0
    assert attempt["started_at"]
    one = partner.get(where(made, "deliveries", row["event"])).json()
    assert one["request"] == json.loads(receiver.received[0].body)


def test_the_log_is_paged_and_filtered(partner, receiver):
    made = make(partner, receiver, events=["order.created"])
    orders = [make_order() for _ in range(5)]
    Delivery.objects.filter(order=orders[2]).update(state="parked", parked_because="refused")
    path = where(made, "deliveries")
    first = partner.get(path, limit=3).json()
    second = partner.get(path, limit=3, cursor=first["next_cursor"]).json()
    rows = first["data"] + second["data"]
    assert [row["order"] for row in rows] == [order.public_id for order in reversed(orders)]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    [parked] = partner.get(path, state="parked").json()["data"]
    assert parked["order"] == orders[2].public_id
    assert [r["order"] for r in partner.get(path, order=orders[0].public_id).json()["data"]] == [orders[0].public_id]
    assert_problem(partner.get(path, state="lost"), 400, "invalid_parameter")
    assert_problem(partner.get(path, cursor="evt_none"), 400, "invalid_parameter")
    assert_problem(partner.get(path, cursor="\x00"), 400, "invalid_parameter")
    assert_problem(partner.get(path, limit="0"), 400, "invalid_parameter")


def test_a_page_of_the_log_costs_the_same_however_long(partner, receiver, django_assert_max_num_queries):
    made = make(partner, receiver, events=["order.created"])
    for _ in range(40):
        delivery = make_order().deliveries.get()
        for number in (1, 2):
            DeliveryAttempt.objects.create(delivery=delivery, number=number, started_at=timezone.now(), milliseconds=1)
    with django_assert_max_num_queries(5):
        rows = partner.get(where(made, "deliveries")).json()["data"]
    assert [len(row["log"]) for row in rows] == [2] * 40


def test_one_is_sent_again(partner, receiver):
    made = make(partner, receiver, events=["order.created"])
    receiver.answer = lambda _: (400, {}, b"")
    make_order()
    sending.drain()
    receiver.answer = lambda _: (200, {}, b"")
    event = partner.get(where(made, "deliveries")).json()["data"][0]["event"]
    again = partner.post(where(made, "deliveries", event, "send_again"), {})
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    sending.drain()
    assert [message.headers["webhook-id"] for message in receiver.received] == [event, event]
    assert_problem(partner.post(where(made, "deliveries", event, "send_again"), {}), 409, "nothing_to_send")
    assert_problem(partner.post(where(made, "deliveries", "evt_none", "send_again"), {}), 404, "not_found")


def test_all_that_is_parked_and_everything_since_is_sent_again(partner, receiver):
    made = make(partner, receiver, events=["order.created"])
    receiver.answer = lambda _: (400, {}, b"")
    for _ in range(3):
        make_order()
    sending.drain()
    receiver.answer = lambda _: (200, {}, b"")
    path = where(made, "send_again")
    parked = partner.post(path, {"parked": True}, **{"Idempotency-Key": "k"})
    assert (parked.status_code, parked.json()) == (202, {"sent_again": 3})
    assert partner.post(path, {"parked": True}, **{"Idempotency-Key": "k"}).json() == {"sent_again": 3}
    assert partner.post(path, {"parked": True}).json() == {"sent_again": 0}
    sending.drain()
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    assert partner.post(path, {"since": since}).json() == {"sent_again": 3}
    sending.drain()
    counts = {}
    for message in receiver.received:
        counts[message.headers["webhook-id"]] = counts.get(message.headers["webhook-id"], 0) + 1
    assert sorted(counts.values()) == [3, 3, 3]


@pytest.mark.parametrize(
    "body",
    [{}, {"parked": False}, {"parked": True, "since": "2026-11-23T00:00:00Z"}, {"since": "0001-01-01T00:00:00+14:00"},
     {"since": "2001-01-01T00:00:00Z"}, {"since": "9999-12-31T23:59:59-14:00"}, {"since": 7}, {"since": "x\x00"}],
)  # fmt: skip
def test_what_cannot_be_sent_again_is_refused(partner, receiver, body):
    made = make(partner, receiver)
    answer = partner.post(where(made, "send_again"), body)
    if "9999" in str(body) and answer.status_code == 202:
        pytest.fail("a time in the far future asks for nothing")
    assert answer.status_code in (400, 422), answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_a_partner_has_so_many_endpoints_and_no_more(partner, receiver, monkeypatch):
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    make(partner, receiver)
    assert_problem(partner.post(PATH, {"url": receiver.url + "2", "events": ["*"]}), 422, "invalid_url", "/url")


def test_send_again_of_an_endpoint_never_reaches_another(partner, receiver):
    made, other = make(partner, receiver), make(partner, receiver, url=receiver.url + "/2")
    make_order()
    Delivery.objects.update(state="parked", parked_because="refused")
    assert partner.post(where(made, "send_again"), {"parked": True}).json()["sent_again"] == 1
    assert outbox.send_all_again(Connection.objects.get(public_id=other["id"]), by="test") == 1
