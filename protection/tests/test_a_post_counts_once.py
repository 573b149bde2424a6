"""Idempotency-Key: the same request again gets the first answer again, and its effect happens once."""

from functools import partial
from typing import Any

import pytest

from backoffice.models import IdempotencyRecord
from backoffice.tests.at_once import at_once
from backoffice.tests.builders import api, assert_problem
from orders.tests.builders import line
from protection.models import Claim
from protection.tests.builders import make_claim, make_covered_order
from protection.tests.test_partners_file_claims import body_for

KEY = {"Idempotency-Key": "order-1001-teapot"}


@pytest.mark.django_db
def test_the_second_answer_is_the_first() -> None:
    order, acme = make_covered_order(), api()
    first, second, third = (acme.post("/v1/claims", body_for(order), **KEY) for _ in range(3))
    assert first.status_code == second.status_code == third.status_code == 201
    assert first.json() == second.json() == third.json()
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Claim.objects.count() == 1


@pytest.mark.django_db
def test_without_the_header_every_post_counts() -> None:
    order, acme = make_covered_order(), api()
    for _ in range(2):
        assert acme.post("/v1/claims", body_for(order)).status_code == 201
    assert Claim.objects.count() == 2
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused() -> None:
    order, acme = make_covered_order(), api()
    acme.post("/v1/claims", body_for(order), **KEY)
    other = body_for(order, description="something else")
    assert_problem(acme.post("/v1/claims", other, **KEY), 422, "idempotency_key_reused")
    withdraw = f"/v1/claims/{Claim.objects.get().public_id}/withdraw"
    assert_problem(acme.post(withdraw, body_for(order), **KEY), 422, "idempotency_key_reused")
    assert Claim.objects.get().state == "in_review"


@pytest.mark.django_db
def test_a_refused_request_may_be_mended_under_its_key() -> None:
    order, acme = make_covered_order(), api()
    assert_problem(acme.post("/v1/claims", body_for(order, 99), **KEY), 422, "invalid_quantity")
    assert acme.post("/v1/claims", body_for(order), **KEY).status_code == 201


@pytest.mark.django_db
def test_the_key_of_one_partner_is_nothing_to_another() -> None:
    order = make_covered_order()
    for name in ("acme", "zeta"):
        assert api(partner=name).post("/v1/claims", body_for(order), **KEY).status_code == 201
    assert Claim.objects.count() == 2


@pytest.mark.django_db
def test_a_repeated_withdrawal_is_answered_and_not_refused() -> None:
    claim, acme = make_claim(), api()
    path = f"/v1/claims/{claim.public_id}/withdraw"
    answers = [acme.post(path, {}, **KEY) for _ in range(2)]
    assert [(answer.status_code, answer.json()["outcome"]) for answer in answers] == [(200, "withdrawn")] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("key, status", [("k" * 255, 201), ("k" * 256, 400), ("schlüssel 🍵", 201), (" ", 201)])
def test_odd_keys(key: str, status: int) -> None:
    assert api().post("/v1/claims", body_for(make_covered_order()), **{"Idempotency-Key": key}).status_code == status


@pytest.mark.django_db(transaction=True)
def test_the_same_request_many_times_at_once_files_one_claim() -> None:
    order, acme = make_covered_order(line("Teapot", 9)), api()
    calls = [partial(acme.post, "/v1/claims", body_for(order), **KEY)] * 5
    answers: list[Any] = at_once(*calls)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "idempotency_in_progress")
    assert Claim.objects.count() == IdempotencyRecord.objects.count() == 1
    assert acme.post("/v1/claims", body_for(order), **KEY)["Idempotent-Replayed"] == "true"
