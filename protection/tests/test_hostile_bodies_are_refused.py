"""Whatever is posted, it is answered with a problem that names it; nothing is ever a failure of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backoffice.tests.builders import Api, api, assert_problem
from orders.tests.builders import line
from protection.models import Claim
from protection.tests.builders import line_of, make_claim, make_covered_order

VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**18, 10**400, "", " ", "x", "\x00", "a\x00b", "\ud800", "🍵" * 5000, "x" * 99_999,
    [], [[]], [None], ["x"], [{}], {}, {"x": 1}, {"": {"": []}}, "9" * 5000, "-0", "١٢", "1_000", "NaN", "' OR 1=1 --",
    "\u202e", "<script>", "../../etc/passwd", "%00",
]  # fmt: skip
RAW: list[bytes] = [
    b"", b" ", b"{", b"}", b"null", b"true", b"7", b'"x"', b"[]", b"[{}]", b"[[[]]]", b"\x00", b"\xff\xfe",
    b"\xef\xbb\xbf{}", b'{"order": NaN}', b'{"items": Infinity}', b'{"order": 1e999}', b'{"order": "\\ud800"}',
    b'{"a":1}{"b":2}', b"{'a': 1}", b'{"order": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"items":' * 50_000,
    b"{" + b'"a":1,' * 10_000 + b'"b":2}', b'{"order": "x", "order": []}', b"<xml/>", b"a=b&c=d",
    '{"order": "🍵"}'.encode("utf-16"),
]  # fmt: skip

pytestmark = pytest.mark.django_db


def valid_bodies() -> dict[str, dict[str, Any]]:
    """A body that is accepted, for each address that takes one."""
    order = make_covered_order(line("Teapot", 9))
    item = {"line_item": line_of(order).public_id, "quantity": 1}
    claim = {"order": order.public_id, "reason": "lost", "items": [item], "description": "Gone"}
    return {
        "/v1/claims": claim,
        "/v1/quotes": {"shop": order.shop.domain, "subtotal": "10.00", "currency": "USD"},
        f"/v1/claims/{make_claim(order).public_id}/withdraw": {},
    }


def swapped(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body with each value in it replaced by each hostile one, left out, or joined by a stranger."""
    for name, value in body.items():
        yield {key: kept for key, kept in body.items() if key != name}
        for hostile in VALUES:
            yield {**body, name: hostile}
        if isinstance(value, list):
            yield {**body, name: value * 300}
            for inner in swapped(value[0]):
                yield {**body, name: [inner]}
    for hostile in VALUES:
        yield {**body, "stranger": hostile}


def refused_or_accepted(partner: Api, path: str, raw: bytes, **headers: str) -> int:
    response = partner.raw(path, raw, **headers)
    status: int = response.status_code
    assert status < 500, raw[:200]
    if status >= 400:
        assert response["Content-Type"] == "application/problem+json", raw[:200]
        assert response.json()["code"]
    return status


def test_every_field_of_every_body_with_every_kind_of_value() -> None:
    partner, statuses = api(), []
    for path, body in valid_bodies().items():
        for hostile in swapped(body):
            statuses.append(refused_or_accepted(partner, path, json.dumps(hostile).encode()))
    assert len(statuses) > 300
    assert {400, 422} <= set(statuses) <= {200, 201, 400, 409, 422}


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_what_is_no_json_object(raw: bytes) -> None:
    partner = api()
    for path in list(valid_bodies())[:2]:
        assert refused_or_accepted(partner, path, raw) in (400, 422)
        assert refused_or_accepted(partner, path, raw, **{"Idempotency-Key": "k"}) in (400, 422)
    assert Claim.objects.count() == 1  # that of valid_bodies


@pytest.mark.parametrize("body", [[], [1], "x", 7, None, True])
def test_something_else_than_an_object_is_said_to_be_that(body: Any) -> None:
    problem = assert_problem(api().raw("/v1/claims", json.dumps(body).encode()), 400, "invalid_request")
    assert "object" in problem["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
        "x", "application/json; charset=zlib", "application/json; charset=utf-16",
    ],
)  # fmt: skip
def test_another_content_type_is_refused(content_type: str) -> None:
    partner = api()
    for path, body in valid_bodies().items():
        response = partner.raw(path, json.dumps(body).encode(), content_type)
        if path.endswith("withdraw"):
            assert response.status_code < 500
        else:
            assert response.status_code in (400, 415)
            assert response["Content-Type"] == "application/problem+json"


def test_a_body_beyond_all_measure_is_refused_before_it_is_read_whole() -> None:
    partner, order = api(), make_covered_order()
    huge = json.dumps({"order": order.public_id, "description": "x" * (2 * 1024 * 1024)}).encode()
    assert_problem(partner.raw("/v1/claims", huge), 413, "too_large")
    for body in (huge, huge * 6):
        assert_problem(partner.raw("/v1/claims", body, **{"Idempotency-Key": "k"}), 413, "too_large")


def test_as_many_items_as_an_order_may_have_and_no_more() -> None:
    order = make_covered_order()
    item = {"line_item": "li_nobody", "quantity": 1}
    body = {"order": order.public_id, "reason": "lost", "items": [item] * 251}
    assert_problem(api().post("/v1/claims", body), 400, "invalid_request", "/items")
