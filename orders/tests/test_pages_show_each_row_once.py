"""Keyset pages: five hundred rows of the same moment are each shown exactly once, and a bad question is refused."""

import base64
from typing import Any

import pytest

from backoffice.tests.builders import Api, api, assert_problem
from orders.models import Order
from orders.tests.builders import NOON, make_order, make_shop

pytestmark = pytest.mark.django_db

LISTS = ["/v1/orders", "/v1/claims"]


def make_many(count: int) -> None:
    """Orders as a bulk import leaves them: one moment for all."""
    shop = make_shop()
    Order.objects.bulk_create(
        Order(
            shop=shop, remote_id=number, name=f"#{number}", currency="USD", presentment_currency="USD",
            remote_created_at=NOON, remote_updated_at=NOON,
        )
        for number in range(1, count + 1)
    )  # fmt: skip
    Order.objects.update(created_at=NOON)


def walk(partner: Api, **parameters: Any) -> list[list[str]]:
    """Names on each page, to the end."""
    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        body = partner.get("/v1/orders", **parameters, **cursor).json()
        pages.append([row["name"] for row in body["data"]])
        assert body["has_more"] is (body["next_cursor"] is not None)
        if not body["has_more"]:
            return pages
        cursor = {"cursor": body["next_cursor"]}


def test_equal_moments_neither_repeat_nor_skip() -> None:
    make_many(500)
    pages = walk(api(), limit=37)
    names = [name for page in pages for name in page]
    assert names == [f"#{number}" for number in range(500, 0, -1)]
    assert [len(page) for page in pages] == [37] * 13 + [19]


@pytest.mark.parametrize("count, limit, sizes", [(0, 5, [0]), (5, 5, [5]), (6, 5, [5, 1]), (10, 5, [5, 5])])
def test_the_last_page_says_so(count: int, limit: int, sizes: list[int]) -> None:
    make_many(count)
    assert [len(page) for page in walk(api(), limit=limit)] == sizes


def test_fifty_rows_without_a_limit() -> None:
    make_many(51)
    assert [len(page) for page in walk(api())] == [50, 1]


def test_rows_that_arrive_meanwhile_do_not_disturb_the_walk() -> None:
    make_many(20)
    partner = api()
    first = partner.get("/v1/orders", limit=10).json()
    make_order(name="new")
    second = partner.get("/v1/orders", limit=10, cursor=first["next_cursor"]).json()
    assert [row["name"] for row in second["data"]] == [f"#{number}" for number in range(10, 0, -1)]
    assert second["has_more"] is False


def test_a_page_costs_the_same_however_deep_it_lies(django_assert_max_num_queries: Any) -> None:
    make_many(300)
    partner = api()
    cursor = partner.get("/v1/orders", limit=200).json()["next_cursor"]
    with django_assert_max_num_queries(12):
        assert len(partner.get("/v1/orders", limit=100, cursor=cursor).json()["data"]) == 100


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "cursor",
    [
        "x", "🍵", "====", "AAAA", encoded("no bar"), encoded("2026-11-20|1"), encoded("2026-11-20T12:00:00+00:00|x"),
        encoded("2026-11-20T12:00:00+00:00|0"), encoded("2026-11-20T12:00:00+00:00|-1"),
        encoded(f"2026-11-20T12:00:00+00:00|{2**63}"), encoded("2026-11-20T12:00:00+00:00|" + "9" * 5000),
        encoded("|"), encoded("\x00|1"), "A" * 10_000,
    ],
)  # fmt: skip
def test_a_cursor_of_somebody_else_is_refused(path: str, cursor: str) -> None:
    problem = assert_problem(api().get(path, cursor=cursor), 400, "invalid_parameter", "cursor")
    assert "start without it" in problem["detail"]


ENDS_OF_TIME = [
    "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "2026-11-20T12:00:00+23:59", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-23:59",
]  # fmt: skip


@pytest.mark.parametrize("moment", ENDS_OF_TIME)
def test_a_forged_cursor_at_the_end_of_time_is_harmless(moment: str) -> None:
    assert api().get("/v1/orders", cursor=encoded(f"{moment.replace('Z', '+00:00')}|1")).status_code < 500


@pytest.mark.parametrize("path", [*LISTS, "/v1/events"])
@pytest.mark.parametrize(
    "limit", ["0", "-1", "201", "x", "1.5", "", " 5", "١٠", "1e2", "0001000", "000100" + "0" * 5000, "9" * 20]
)
def test_a_limit_out_of_bounds_is_refused(path: str, limit: str) -> None:
    assert_problem(api().get(path, limit=limit), 400, "invalid_parameter", "limit")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2026-11-20", "2026-11-20T12:00:00", "2026-13-40T12:00:00Z", "", "1700000000", "\x00", "T" * 9999],
)
def test_a_time_without_meaning_or_offset_is_refused(path: str, moment: str) -> None:
    assert_problem(api().get(path, updated_since=moment), 400, "invalid_parameter", "updated_since")


@pytest.mark.parametrize("moment", ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00+02:00", "2026-11-20T12:00:00.5-08:00"])
def test_a_time_with_an_offset_is_understood(moment: str) -> None:
    assert api().get("/v1/orders", updated_since=moment).status_code == 200


@pytest.mark.parametrize("moment", ENDS_OF_TIME)
def test_a_time_at_the_end_of_time_is_harmless(moment: str) -> None:
    assert api().get("/v1/orders", updated_since=moment).status_code < 500


@pytest.mark.parametrize("number", ["", "x", "-1", "1.0", "9" * 19, "١", "1 ", "0x1", "9" * 9999])
def test_a_remote_id_that_is_no_number_is_refused(number: str) -> None:
    assert_problem(api().get("/v1/orders", remote_id=number), 400, "invalid_parameter", "remote_id")
