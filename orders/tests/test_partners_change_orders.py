"""POST /v1/orders/{id}/changes, PATCH /v1/orders/{id}, /v1/changes/{id}: asked for once, or refused by name."""

from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from orders import changes
from orders.models import Change, JournalEntry, Order
from orders.tests.builders import make_order, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return make_order(note="Ring once", tags=["vip"])


def where(order: Order) -> str:
    return f"/v1/orders/{order.public_id}/changes"


def ask(order: Order, body: Any, **headers: str) -> Any:
    return api("orders:write", partner="acme").post(where(order), body, **headers)


def test_a_change_is_accepted_journaled_and_read_back(order: Order) -> None:
    response = ask(order, {"kind": "note", "note": "Ring twice"})
    body = response.json()
    assert (response.status_code, response["Location"]) == (202, f"/v1/changes/{body['id']}")
    assert (body["kind"], body["status"], body["by"]) == ("note", "queued", "partner:acme")
    assert (body["wanted"], body["base"]) == ({"note": "Ring twice"}, {"note": "Ring once"})
    entry = JournalEntry.objects.get(action="change.queued")
    assert (entry.by, entry.source, entry.subject) == ("partner:acme", "", body["id"])
    assert "Ring" not in str(entry.facts)  # names of fields, not a customer's words
    reader = api("orders:read")
    assert reader.get(f"/v1/changes/{body['id']}").json() == body
    assert [row["id"] for row in reader.get(where(order)).json()["data"]] == [body["id"]]


BAD = [
    ({}, 422, "unknown_kind", "/kind"),
    ({"kind": "everything"}, 422, "unknown_kind", "/kind"),
    ({"kind": ["note"]}, 422, "unknown_kind", "/kind"),
    ({"kind": "note"}, 422, "required", "/note"),
    ({"kind": "note", "note": 7}, 422, "invalid_text", "/note"),
    ({"kind": "note", "note": "a\x00b"}, 422, "invalid_text", "/note"),
    ({"kind": "note", "note": "x" * 5001}, 422, "too_long", "/note"),
    ({"kind": "note", "note": "Ring once"}, 422, "nothing_to_change", None),
    ({"kind": "note", "note": "new", "by": "staff:lea"}, 422, "unknown_field", "/by"),
    ({"kind": "address", "address": "1 Road"}, 422, "invalid_address", "/address"),
    ({"kind": "address", "address": {"planet": "Mars"}}, 422, "unknown_field", "/address/planet"),
    ({"kind": "address", "address": {"country_code": "usa"}}, 422, "invalid_country", "/address/country_code"),
    ({"kind": "address", "address": {"phone": "call me"}}, 422, "invalid_phone", "/address/phone"),
    ({"kind": "address", "address": {"city": None}}, 422, "invalid_text", "/address/city"),
    ({"kind": "contact"}, 422, "nothing_to_change", None),
    ({"kind": "contact", "email": "no address"}, 422, "invalid_email", "/email"),
    ({"kind": "tags", "add": "vip"}, 422, "invalid_tag", "/add"),
    ({"kind": "tags", "add": ["a,b"]}, 422, "invalid_tag", "/add/0"),
    ({"kind": "tags", "add": ["ok", 5]}, 422, "invalid_text", "/add/1"),
    ({"kind": "tags", "add": ["x"], "remove": ["X"]}, 422, "invalid_tag", "/remove"),
    ({"kind": "tags", "add": ["VIP"]}, 422, "nothing_to_change", None),
    ({"kind": "note", "note": "new", "\ud800": 1}, 422, "unknown_field", "/?"),
    ({"kind": "note", "note": "\ud800"}, 422, "invalid_text", "/note"),
    (["note"], 400, "invalid_request", None),
]


@pytest.mark.parametrize("body, status, code, pointer", BAD)
def test_a_bad_request_is_refused_by_name_and_leaves_nothing(
    order: Order, body: Any, status: int, code: str, pointer: str | None
) -> None:
    assert_problem(ask(order, body), status, code, pointer)
    assert not Change.objects.exists()
    assert not JournalEntry.objects.filter(action__startswith="change.").exists()


def test_how_the_order_stands_is_a_conflict_not_a_mistake() -> None:
    cancelled = make_order(cancelled_at="2026-11-21T10:00:00Z")
    assert_problem(ask(cancelled, {"kind": "address", "address": {"city": "Salem"}}), 409, "order_cancelled")
    assert ask(cancelled, {"kind": "note", "note": "Why?"}).status_code == 202
    assert_problem(ask(cancelled, {"kind": "note", "note": "Because"}), 409, "change_waiting")


def test_a_repeated_request_asks_once(order: Order) -> None:
    body = {"kind": "tags", "add": ["gift"]}
    client = api("orders:write")
    first = client.post(where(order), body, **{"Idempotency-Key": "k1"})
    again = client.post(where(order), body, **{"Idempotency-Key": "k1"})
    assert first.json() == again.json()
    assert Change.objects.count() == 1


def test_an_order_of_another_shop_is_not_there(order: Order) -> None:
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    make_shop("other.myshopify.com")
    stranger = api(shop="other.myshopify.com")
    assert_problem(stranger.post(where(order), {"kind": "note", "note": "mine"}), 404, "not_found")
    assert_problem(stranger.send("PATCH", f"/v1/orders/{order.public_id}", {"note": "mine"}), 404, "not_found")
    assert_problem(stranger.get(where(order)), 404, "not_found")
    assert_problem(stranger.get(f"/v1/changes/{change.public_id}"), 404, "not_found")
    assert_problem(stranger.post(f"/v1/changes/{change.public_id}/withdraw", {}), 404, "not_found")
    change.refresh_from_db()
    assert change.state == "queued"


def test_a_change_is_given_up_once(order: Order) -> None:
    change = changes.change_note(order, "Ring twice", by="staff:ana")
    client = api("orders:write")
    response = client.post(f"/v1/changes/{change.public_id}/withdraw", {})
    assert (response.status_code, response.json()["status"]) == (200, "withdrawn")
    assert_problem(client.post(f"/v1/changes/{change.public_id}/withdraw", {}), 409, "wrong_state")
    assert_problem(client.post(f"/v1/changes/{change.public_id}/again", {}), 409, "wrong_state")


def test_a_conflict_is_decided_field_by_field(order: Order) -> None:
    change = changes.change_address(order, {"city": "Salem", "zip": "97301"}, by="staff:ana")
    Change.objects.update(state="conflict", theirs={"city": "Bend", "zip": "97701"})
    client, path = api("orders:write"), f"/v1/changes/{change.public_id}"
    assert_problem(client.post(f"{path}/keep_ours", {"fields": "city"}), 422, "unknown_field", "/fields")
    assert_problem(client.post(f"{path}/keep_ours", {"fields": ["phone"]}), 422, "unknown_field", "/fields")
    assert client.post(f"{path}/keep_ours", {"fields": ["city"]}).json()["status"] == "conflict"
    decided = client.post(f"{path}/keep_theirs", {}).json()
    assert (decided["status"], decided["wanted"], decided["base"]) == ("queued", {"city": "Salem"}, {"city": "Bend"})


def test_several_values_are_changed_together_or_not_at_all(order: Order) -> None:
    client, path = api("orders:read", "orders:write"), f"/v1/orders/{order.public_id}"
    tag = client.get(path)["ETag"]
    body = {"note": "Ring twice", "email": "new@example.com", "tags": {"add": ["gift"]}, "address": {"city": "Salem"}}
    assert_problem(client.send("PATCH", path, {**body, "phone": "call me"}), 422, "invalid_phone", "/phone")
    assert_problem(client.send("PATCH", path, {**body, "total": "0"}), 422, "unknown_field", "/total")
    assert_problem(client.send("PATCH", path, {}), 422, "nothing_to_change")
    assert_problem(client.send("PATCH", path, body, **{"If-Match": '"99"'}), 412, "changed_meanwhile")
    assert not Change.objects.exists()
    response = client.send("PATCH", path, body, **{"If-Match": tag})
    assert response.status_code == 202
    assert [row["kind"] for row in response.json()["changes"]] == ["note", "address", "tags", "contact"]
