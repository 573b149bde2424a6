"""The store's owner agrees and is sent back: only a callback that is proven connects the store, and only once."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone

from integrations import connecting
from integrations.models import Connection, Installation
from integrations.shopify import access, installing
from integrations.shopify.client import Shopify
from integrations.shopify.installing import App
from integrations.tests.shopify import SECRET, SHARED, connect
from sandbox.tests import running
from sandbox.tests.running import Sandbox

pytestmark = pytest.mark.django_db
APP = App("demo-client-id", SECRET)
CALLBACK = "/integrations/shopify/install/callback/"
SESSION = "/integrations/shopify/session/"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Sandbox]:
    started = running.start(tmp_path_factory.mktemp("store"), secret=SECRET)
    yield started
    started.stop()


def begin(store: Sandbox) -> tuple[Connection, str]:
    return installing.begin(store.shop, store.url, APP, user=None)


def agree(address: str) -> dict[str, str]:
    """What the store sends its owner back with, once they pressed the button."""
    parts = urlsplit(address)
    pressed = requests.post(
        f"{parts.scheme}://{parts.netloc}{parts.path}",
        data=dict(parse_qsl(parts.query)),
        allow_redirects=False,
        timeout=10,
    )
    assert pressed.status_code == 302, pressed.text
    back = urlsplit(pressed.headers["Location"])
    assert back.path == CALLBACK
    return dict(parse_qsl(back.query))


def signed(query: dict[str, str], secret: str = SECRET) -> dict[str, str]:
    return {**query, "hmac": installing.signature(list(query.items()), secret)}


def come_back(query: dict[str, str] | str) -> Any:
    raw = query if isinstance(query, str) else urlencode(query, quote_via=quote)
    return Client().get(f"{CALLBACK}?{raw}")


def refusal(answer: Any) -> tuple[int, str]:
    text = answer.content.decode()
    return answer.status_code, text.partition("<code>")[2].partition("</code>")[0]


def test_a_consent_connects_the_store_with_a_token_of_an_hour(store):
    shop, address = begin(store)
    assert (shop.paused_because, shop.secrets["token"]) == ("The store has not agreed yet (system)", "")
    answer = come_back(agree(address))
    assert answer.status_code == 200, answer.content
    assert "is connected" in answer.content.decode()
    shop.refresh_from_db()
    assert (shop.grant, shop.client_id, shop.paused_at) == ("authorization_code", "demo-client-id", None)
    assert timedelta(minutes=55) < shop.token_expires_at - timezone.now() <= timedelta(hours=1)
    assert shop.refresh_expires_at - timezone.now() > timedelta(days=89)
    assert set(access.WANTED) <= set(shop.scopes)
    assert "pending" not in shop.secrets
    assert Shopify(shop).run("query { shop { name } }", {})


def test_the_same_callback_a_second_time_is_refused_and_changes_nothing(store):
    shop, address = begin(store)
    query = agree(address)
    assert come_back(query).status_code == 200
    shop.refresh_from_db()
    assert refusal(come_back(query)) == (403, "state_used")
    assert Connection.objects.get(pk=shop.pk).secrets == shop.secrets


def test_a_working_connection_goes_on_until_the_new_consent_is_there(store):
    shop = connect(store.shop, api_url=store.url, token=store.token)
    installing.begin(store.shop, store.url, App("demo-client-id", "a typing error"), user=None)
    shop.refresh_from_db()
    assert (shop.paused_at, shop.secrets["signing"]) == (None, [SECRET])
    assert Shopify(shop).run("query { shop { name } }", {})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hmac": "0" * 64}, (403, "bad_signature")),
        ({"hmac": "é"}, (403, "bad_signature")),
        ({"code": "other"}, (403, "bad_signature")),
        ({"extra": "1"}, (403, "bad_signature")),
        ({"hmac": ""}, (400, "incomplete")),
        ({"code": ""}, (400, "incomplete")),
        ({"state": "nobody began this"}, (403, "unknown_state")),
        ({"shop": "other.myshopify.com"}, (403, "wrong_shop")),
        ({"shop": "evil.example.com"}, (400, "bad_shop")),
        ({"shop": "x.myshopify.com.evil.com"}, (400, "bad_shop")),
        ({"shop": "demo-store.myshopify.com\n"}, (400, "bad_shop")),
        ({"shop": "https://demo-store.myshopify.com"}, (400, "bad_shop")),
    ],
)
def test_a_forged_callback_is_refused_by_name_and_the_true_one_still_counts(store, change, expected):
    _, address = begin(store)
    query = agree(address)
    assert refusal(come_back({**query, **change})) == expected
    assert Connection.objects.get().secrets["token"] == ""
    assert come_back(query).status_code == 200


@pytest.mark.parametrize(
    "raw", ["", "%", "&&&", "code", "code=%ff&hmac=1", "a=1&" * 60, "shop=a&shop=b", "code=%00", "hmac=1&hmac=1"]
)
def test_what_cannot_be_read_is_refused_by_name(store, raw):
    status, code = refusal(come_back(raw))
    assert (status, code in ("unreadable", "incomplete", "repeated")) == (400, True)


def test_signed_by_another_app_or_with_another_secret_is_refused(store):
    _, address = begin(store)
    query = agree(address)
    del query["hmac"]
    assert refusal(come_back(signed(query, "another secret"))) == (403, "bad_signature")
    assert refusal(come_back(signed({**query, "shop": "other.myshopify.com"}))) == (403, "wrong_shop")


@pytest.mark.parametrize("off", [-91, 95])
def test_a_signed_callback_of_another_time_is_refused(store, off):
    _, address = begin(store)
    query = agree(address)
    del query["hmac"]
    query["timestamp"] = str(int(time.time()) + off)
    assert refusal(come_back(signed(query))) == (403, "stale")
    assert refusal(come_back(signed({**query, "timestamp": "now"}))) == (403, "stale")
    assert refusal(come_back(signed({**query, "timestamp": "9" * 40}))) == (403, "stale")


def test_a_state_counts_for_ten_minutes(store):
    _, address = begin(store)
    query = agree(address)
    Installation.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert refusal(come_back(query)) == (403, "state_expired")


def test_a_code_that_shopify_does_not_know_connects_nothing(store):
    _, address = begin(store)
    query = agree(address)
    del query["hmac"]
    assert refusal(come_back(signed({**query, "code": "f" * 32}))) == (403, "no_token")
    assert Connection.objects.get().secrets["token"] == ""


def test_the_callback_takes_nothing_but_a_get(store):
    assert Client(enforce_csrf_checks=True).post(CALLBACK).status_code in (403, 405)
    assert Client().head(CALLBACK).status_code == 405


@pytest.mark.skipif(not SHARED.exists(), reason="The recorded signatures are not here")
def test_signatures_that_others_recorded_are_made_by_us_too():
    vectors = json.loads((SHARED / "hmac_vectors.json").read_text())["oauth_query"]
    plain = [one for one in vectors if "[" not in one["message"]]
    assert len(plain) >= 5
    for one in plain:
        assert installing.signature(parse_qsl(one["message"]), one["secret"]) == one["expected_hex"]


# An embedded page, and its session token.


def prove(token: str) -> Any:
    return Client(enforce_csrf_checks=True).post(SESSION, headers={"Authorization": f"Bearer {token}"})


def session_token(store: Sandbox, **fields: Any) -> str:
    return str(store.post("/sandbox/session_token.json", **fields).json()["session_token"])


def unsigned(claims: Any) -> str:
    parts = [{"alg": "HS256"}, claims, "x"]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def prepared(store: Sandbox) -> Connection:
    return connecting.prepare(store.shop, api_url=store.url, secret=SECRET, client_id="demo-client-id")


def test_a_session_token_connects_the_store_it_proves_once(store):
    shop = prepared(store)
    assert prove(session_token(store)).json() == {"connected": True}
    shop.refresh_from_db()
    assert (shop.grant, shop.paused_at) == ("token_exchange", None)
    assert shop.secrets["refresh_token"].startswith("shprt_")
    before = shop.secrets
    assert prove(session_token(store)).status_code == 200
    assert Connection.objects.get(pk=shop.pk).secrets == before


def test_a_session_token_that_is_forged_over_or_meant_for_others_is_refused(store):
    shop = prepared(store)
    good = session_token(store)
    head, claims, signature = good.split(".")
    other = connecting.prepare("other.myshopify.com", api_url=store.url, secret="another", client_id="demo-client-id")
    for bad in (
        unsigned({"dest": "https://\x00.myshopify.com"}), unsigned({"dest": ["x"]}), unsigned([]), unsigned({}),
        "", "a.b.c", "....", "x" * 5000, good[:-2], f"{head}.{claims}.", f"{head}.{claims[:-4]}AAAA.{signature}",
        f"eyJhbGciOiJub25lIn0.{claims}.", f"eyJhbGciOiJub25lIn0.{claims}.{signature}",
        session_token(store, seconds=-3600),
    ):  # fmt: skip
        answer = prove(bad)
        assert answer.status_code == 401, (bad, answer.content)
        assert answer.json()["code"] == "bad_session_token"
    Connection.objects.filter(pk=shop.pk).update(client_id="another app")
    assert "another app" in prove(good).json()["detail"]
    assert not any(row.secrets["token"] for row in (Connection.objects.get(pk=shop.pk), other))


def test_a_store_that_nobody_prepared_is_refused(store):
    assert prove(session_token(store)).status_code == 401
    assert Connection.objects.count() == 0


def test_begin_keeps_who_began_it_and_no_state(store):
    user = User.objects.create_user("ana")
    _, address = installing.begin(store.shop, store.url, APP, user=user)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    row = Installation.objects.get()
    assert row.user == user
    assert row.state_digest == Installation.digest(state) != state


@pytest.mark.parametrize(
    ("domain", "app"),
    [("example.com", APP), ("evil.com/.myshopify.com", APP), ("demo-store.myshopify.com", App("", SECRET)),
     ("demo-store.myshopify.com", App("id", ""))],
)  # fmt: skip
def test_what_cannot_be_right_is_not_begun(store, domain, app):
    with pytest.raises(ValueError, match=r"\."):
        installing.begin(domain, store.url, app, user=None)
    assert Connection.objects.count() == Installation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_callbacks_at_once_connect_once(store):
    _, address = begin(store)
    query = agree(address)
    answers: list[int] = []
    start = threading.Barrier(2)

    def arrive() -> None:
        start.wait()
        answers.append(come_back(query).status_code)
        database.close()

    threads = [threading.Thread(target=arrive) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 403]
    with transaction.atomic():
        assert Installation.objects.exclude(used_at=None).count() == 1
