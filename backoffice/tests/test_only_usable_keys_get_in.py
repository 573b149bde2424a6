"""Who may call the API: a key that is known, in force and has the scope; nobody else, with the same short answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.models import ApiKey
from backoffice.tests.builders import Api, api, assert_problem, make_key

READS = {
    "/v1/orders": "orders:read",
    "/v1/orders/ord_1": "orders:read",
    "/v1/claims": "claims:read",
    "/v1/claims/clm_1": "claims:read",
    "/v1/orders/ord_1/changes": "orders:read",
    "/v1/changes/chg_1": "orders:read",
    "/v1/events": "events:read",
    "/v1/protection/money": "money:read",
}
WRITES = {
    "/v1/claims": "claims:write",
    "/v1/claims/clm_1/withdraw": "claims:write",
    "/v1/quotes": "quotes:read",
    "/v1/orders/ord_1/changes": "orders:write",
    "/v1/orders/ord_1/fulfillments": "orders:write",
    "/v1/fulfillments/ful_1/tracking": "orders:write",
    "/v1/stock_changes": "orders:write",
    "/v1/fulfillments/ful_1/events": "orders:write",
    "/v1/changes/chg_1/withdraw": "orders:write",
    "/v1/changes/chg_1/again": "orders:write",
    "/v1/changes/chg_1/keep_ours": "orders:write",
    "/v1/changes/chg_1/keep_theirs": "orders:write",
}
CALLS = [("GET", path, scope) for path, scope in READS.items()] + [("POST", p, s) for p, s in WRITES.items()]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method, path, scope", CALLS)
def test_nothing_is_answered_without_a_key(method: str, path: str, scope: str) -> None:
    response = Api().get(path) if method == "GET" else Api().post(path, {})
    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("method, path, scope", CALLS)
def test_a_key_without_the_scope_is_refused(method: str, path: str, scope: str) -> None:
    others = {"orders:read", "orders:write", "claims:read", "claims:write", "events:read", "quotes:read"} - {scope}
    partner = api(*others)
    response = partner.get(path) if method == "GET" else partner.post(path, {})
    assert scope in assert_problem(response, 403, "missing_scope")["detail"]


@pytest.mark.parametrize("method, path, scope", CALLS)
def test_the_scope_alone_is_enough(method: str, path: str, scope: str) -> None:
    partner = api(scope)
    response = partner.get(path) if method == "GET" else partner.post(path, {})
    assert response.status_code not in (401, 403)
    assert response.status_code < 500


@pytest.mark.parametrize(
    "header",
    [
        "Bearer pk_live_unknown_00000000", "Bearer", "Basic dTpw", "Bearer two words", "pk_live_x", "Bearer \xff\xfe",
        "bearer " + "x" * 10_000,
    ],
)  # fmt: skip
def test_a_wrong_key_is_not_told_what_is_wrong_with_it(header: str) -> None:
    stranger = Api()
    stranger.authorization = {"Authorization": header}
    assert_problem(stranger.get("/v1/orders"), 401, "unauthenticated")


def test_a_key_works_until_it_is_revoked() -> None:
    key, secret = make_key()
    assert Api(secret).get("/v1/orders").status_code == 200
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert_problem(Api(secret).get("/v1/orders"), 401, "unauthenticated")


def test_a_key_works_until_it_expires() -> None:
    key, secret = make_key()
    for expires_at, status in ((timezone.now() + timedelta(minutes=5), 200), (timezone.now(), 401)):
        ApiKey.objects.filter(pk=key.pk).update(expires_at=expires_at)
        assert Api(secret).get("/v1/orders").status_code == status


def test_two_keys_of_a_partner_work_side_by_side_while_they_are_rotated() -> None:
    (old, old_secret), (_, new_secret) = make_key(), make_key()
    assert [Api(secret).get("/v1/orders").status_code for secret in (old_secret, new_secret)] == [200, 200]
    ApiKey.objects.filter(pk=old.pk).update(revoked_at=timezone.now())
    assert [Api(secret).get("/v1/orders").status_code for secret in (old_secret, new_secret)] == [401, 200]


def test_the_secret_is_kept_nowhere() -> None:
    key, secret = make_key()
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row)
    assert secret.startswith(row["prefix"])
    assert len(secret) - len(row["prefix"]) > 40


def test_a_key_in_the_address_is_no_key() -> None:
    _, secret = make_key()
    assert_problem(Api().get("/v1/orders", key=secret, access_token=secret), 401, "not_authenticated")


def test_an_unknown_scope_is_no_scope() -> None:
    with pytest.raises(ValueError, match="orders:burn"):
        make_key("orders:burn")
