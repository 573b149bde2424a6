"""The wall between partners: another's endpoint does not exist, a key without the scope gets no further, a key of one
shop stays within it; and whatever is posted is answered with a problem."""

import json
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from backoffice.tests.builders import Api, api, assert_problem
from integrations.actions import ACTIONS
from integrations.models import Connection, Delivery
from orders.tests.builders import make_order, make_shop
from protection.tests.test_hostile_bodies_are_refused import RAW, VALUES

pytestmark = pytest.mark.django_db
PATH = "/v1/webhook_endpoints"
URL = "https://hooks.example.com/1"


def make(partner: Api, **settings: Any) -> dict[str, Any]:
    answer = partner.post(PATH, {"url": URL, "events": ["*"], **settings})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def every_request(endpoint: str, event: str) -> list[tuple[str, str, Any]]:
    one = f"{PATH}/{endpoint}"
    return [
        ("GET", one, None),
        ("PATCH", one, {"events": ["order.*"], "url": "https://evil.example.com/"}),
        ("DELETE", one, None),
        ("POST", f"{one}/rotate_secret", {}),
        ("POST", f"{one}/ping", {}),
        ("POST", f"{one}/resume", {}),
        ("POST", f"{one}/send_again", {"parked": True}),
        ("GET", f"{one}/deliveries", None),
        ("GET", f"{one}/deliveries/{event}", None),
        ("POST", f"{one}/deliveries/{event}/send_again", {}),
    ]


@pytest.fixture
def mine() -> tuple[dict[str, Any], str]:
    """An endpoint of acme with one parked delivery, and its event."""
    made = make(api())
    make_order()
    Delivery.objects.update(state="parked", parked_because="refused")
    return made, Delivery.objects.get().entry.public_id


def fingerprint() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Connection, Delivery)]


def test_another_partner_neither_sees_nor_touches_it(mine):
    before, stranger = fingerprint(), api(partner="rival")
    assert stranger.get(PATH).json()["data"] == []
    for method, path, body in every_request(mine[0]["id"], mine[1]):
        assert_problem(stranger.send(method, path, body), 404, "not_found")
    assert fingerprint() == before


def test_an_event_of_another_endpoint_is_not_in_my_log(mine):
    rival = api(partner="rival")
    theirs = make(rival)
    for method, path, body in every_request(theirs["id"], mine[1])[-2:]:
        assert_problem(rival.send(method, path, body), 404, "not_found")


@pytest.mark.parametrize("scopes", [["orders:read", "events:read", "claims:write"], ["endpoints:read"]])
def test_a_key_without_the_scope_is_refused(mine, scopes):
    before, weak = fingerprint(), api(*scopes)
    for method, path, body in [*every_request(*mine_ids(mine)), ("POST", PATH, {"url": URL, "events": ["*"]})]:
        answer = weak.send(method, path, body)
        if method == "GET" and scopes == ["endpoints:read"]:
            assert answer.status_code == 200
        else:
            assert_problem(answer, 403, "missing_scope")
    assert fingerprint() == before


def test_without_a_key_there_is_nothing(mine):
    before = fingerprint()
    for nobody in (Api(), Api("pk_live_wrong")):
        assert_problem(nobody.get(PATH), 401, "not_authenticated" if not nobody.authorization else "unauthenticated")
        for method, path, body in every_request(*mine_ids(mine)):
            assert nobody.send(method, path, body).status_code == 401
    assert fingerprint() == before


def mine_ids(mine: tuple[dict[str, Any], str]) -> tuple[str, str]:
    return mine[0]["id"], mine[1]


def test_other_methods_are_not_there(mine):
    for method, path in (("PUT", f"{PATH}/{mine[0]['id']}"), ("DELETE", PATH), ("PATCH", PATH)):
        assert api().send(method, path, {}).status_code == 405


def test_a_key_of_one_shop_does_not_see_the_endpoint_of_all_shops(mine):
    bound = api(shop=make_shop().domain)
    assert bound.get(PATH).json()["data"] == []
    for method, path, body in every_request(*mine_ids(mine)):
        assert_problem(bound.send(method, path, body), 404, "not_found")


def test_a_key_of_one_shop_makes_endpoints_for_that_shop_alone():
    shop, other = make_shop(), make_shop("other.myshopify.com")
    bound = api(shop=shop.domain)
    made = make(bound)
    assert made["shops"] == [shop.domain]
    for shops in ([], [other.domain], [shop.domain, other.domain]):
        assert_problem(bound.send("PATCH", f"{PATH}/{made['id']}", {"shops": shops}), 422, "unknown_shop", "/shops")
        body = {"url": URL + "2", "events": ["*"], "shops": shops}
        assert_problem(bound.post(PATH, body), 422, "unknown_shop", "/shops")
    make_order(shop=other)
    assert not Delivery.objects.exists()
    assert [row["id"] for row in bound.get(PATH).json()["data"]] == [made["id"]]
    assert api(shop=other.domain).get(PATH).json()["data"] == []


def test_a_key_of_one_shop_does_not_read_what_its_endpoint_was_sent_for_another_before():
    shop, other = make_shop(), make_shop("other.myshopify.com")
    made = make(api())
    make_order(shop=other)
    own = make_order(shop=shop)
    api().send("PATCH", f"{PATH}/{made['id']}", {"shops": [shop.domain]})
    rows = api(shop=shop.domain).get(f"{PATH}/{made['id']}/deliveries").json()["data"]
    assert {row["order"] for row in rows} == {own.public_id}


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://[::1",
        "ftp://x/", "https://169.254.169.254/latest/meta-data", "https://user:pw@example.com/", "https://", "x", "",
        "//example.com", "https://example.com:99999/", "https://exa mple.com/", "javascript:alert(1)",
        "https://example.com/\r\nHost: x", "https://example.com/" + "x" * 3000, "https://[::ffff:10.0.0.1]/",
        "https://0x7f.1/" + "\x00",
    ],
)  # fmt: skip
def test_an_address_we_may_not_call_is_refused(url, settings):
    settings.EGRESS_ALLOW = []
    partner = api()
    answer = partner.post(PATH, {"url": url, "events": ["*"]})
    assert answer.status_code in (400, 422), url
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/url"]
    made = make(partner)
    assert partner.send("PATCH", f"{PATH}/{made['id']}", {"url": url}).status_code in (400, 422)
    assert Connection.objects.get().url == URL


@pytest.mark.parametrize(
    ("settings", "code", "pointer"),
    [
        ({"events": []}, "unknown_event", "/events"),
        ({"events": ["order.creatd"]}, "unknown_event", "/events"),
        ({"events": ["nothing.*"]}, "unknown_event", "/events"),
        ({"shops": ["nobody.myshopify.com"]}, "unknown_shop", "/shops"),
        ({"payload_version": "2019-01"}, "unknown_version", "/payload_version"),
        ({"most_per_second": 0}, "invalid_setting", "/most_per_second"),
        ({"most_per_second": -1}, "invalid_setting", "/most_per_second"),
        ({"most_per_second": "NaN"}, "invalid_request", "/most_per_second"),
        ({"most_per_second": "Infinity"}, "invalid_request", "/most_per_second"),
        ({"most_in_flight": 0}, "invalid_request", "/most_in_flight"),
        ({"most_in_flight": 10_000}, "invalid_request", "/most_in_flight"),
        ({"coalesce": "perhaps"}, "invalid_request", "/coalesce"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings, code, pointer):
    partner = api()
    made = make(partner)
    answer = partner.send("PATCH", f"{PATH}/{made['id']}", settings)
    problem = assert_problem(answer, 422 if code != "invalid_request" else 400, code, pointer)
    if code == "unknown_event" and settings["events"]:
        assert all(action in problem["detail"] for action in ACTIONS)
    assert partner.get(f"{PATH}/{made['id']}").json() == {k: v for k, v in made.items() if k != "secret"}


def test_a_change_of_nothing_known_is_refused():
    made = make(api())
    assert_problem(api().send("PATCH", f"{PATH}/{made['id']}", {"event": ["*"]}), 400, "invalid_request")


def test_every_field_with_every_kind_of_value_is_answered():
    partner = api()
    make_shop()
    valid = {
        "url": URL, "events": ["*"], "shops": ["tests.myshopify.com"], "payload_version": "2026-11", "coalesce": True,
        "most_per_second": 1.5, "most_in_flight": 3,
    }  # fmt: skip
    made = make(partner, url=URL + "/mine")
    bodies = [{**valid, name: value} for name in valid for value in [*VALUES, *([v] for v in VALUES)]]
    statuses = set()
    for body in bodies:
        for method, path in (("POST", PATH), ("PATCH", f"{PATH}/{made['id']}")):
            answer = partner.send(method, path, body)
            assert answer.status_code < 500, body
            statuses.add(answer.status_code)
            Connection.objects.exclude(public_id=made["id"]).delete()
            if method == "PATCH":
                Connection.objects.update(url=URL + "/mine")
    assert statuses == {200, 201, 400, 422}
    for value in VALUES:
        for path, name in (("rotate_secret", "overlap_hours"), ("send_again", "since"), ("send_again", "parked")):
            assert partner.raw(f"{PATH}/{made['id']}/{path}", json.dumps({name: value}).encode()).status_code < 500


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_what_is_no_json_object(raw):
    partner = api()
    made = make(partner)
    for path in (PATH, f"{PATH}/{made['id']}/rotate_secret", f"{PATH}/{made['id']}/send_again"):
        answer = partner.raw(path, raw)
        assert answer.status_code < 500
    assert Connection.objects.count() == 1


@tries(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text() | st.builds("https://{}".format, st.text()) | st.builds("https://a.example.com/{}".format, st.text()))
def test_any_text_as_an_address_is_stored_or_refused(url):
    answer = api().raw(PATH, json.dumps({"url": url, "events": ["*"]}).encode())
    assert answer.status_code in (201, 400, 422), url
    if answer.status_code == 201:
        assert answer.json()["url"].startswith("https://") or django_settings.EGRESS_ALLOW


@tries(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(min_size=1, max_size=60))
def test_any_text_as_an_id_is_not_found(text):
    for path in (f"{PATH}/con_x/deliveries/", f"{PATH}/"):
        path += "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
        assert api().get(path).status_code in (400, 404, 405)
