"""Every error of the API has one shape: RFC 9457 with a stable code, pointers and the request's id."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from backoffice.rest import problems
from backoffice.tests.builders import Api, api, assert_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/", "/v1/orders/", "/v1/orders/ord_1/lines", "/v1/claims/x/y/z"])
def test_an_unknown_address_is_a_problem_too(path: str) -> None:
    assert_problem(Api().get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/v1/orders/ord_unknown", "/v1/claims/clm_unknown", "/v1/orders/%00", "/v1/claims/%F0%9F"]
)
def test_an_unknown_id_is_not_found(path: str) -> None:
    assert_problem(api().get(path), 404, "not_found")


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/v1/orders"), ("DELETE", "/v1/orders/ord_1"), ("PUT", "/v1/claims"), ("PATCH", "/v1/claims/clm_1"),
        ("GET", "/v1/claims/clm_1/withdraw"), ("GET", "/v1/quotes"), ("POST", "/v1/events"), ("TRACE", "/v1/orders"),
    ],
)  # fmt: skip
def test_a_method_that_is_not_there_is_said_to_be_missing(method: str, path: str) -> None:
    partner = api()
    response = partner.client.generic(method, path, headers=partner.authorization)
    assert_problem(response, 405, "method_not_allowed")
    assert method not in response["Allow"]


def test_a_head_request_is_a_get_without_its_body() -> None:
    partner = api()
    assert partner.client.head("/v1/orders", headers=partner.authorization).status_code == 200


def test_every_request_has_an_id_of_its_own() -> None:
    partner = api()
    ids = {partner.get("/v1/orders")["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(request_id.startswith("req_") for request_id in ids)


def test_pointers_name_the_fields_at_fault() -> None:
    body = {"order": "ord_1", "reason": "bored", "items": [{"line_item": "li_1", "quantity": 0}, {"quantity": 1}]}
    problem = assert_problem(api().post("/v1/claims", body), 400, "invalid_request")
    pointers = {error["pointer"]: error["code"] for error in problem["errors"]}
    assert pointers == {
        "/reason": "invalid_choice",
        "/items/0/quantity": "min_value",
        "/items/1/line_item": "required",
    }


def test_our_own_failure_has_the_same_shape_and_gives_nothing_away() -> None:
    request: HttpRequest = RequestFactory().get("/v1/orders")
    request.request_id = "req_1"  # type: ignore[attr-defined]
    response = problems.server_error(request)
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert b'"code": "server_error"' in response.content
    assert b"req_1" in response.content
