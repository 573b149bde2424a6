"""Recoveries by API: a partner that files with carriers reads what is due and reports what was answered and paid."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from backoffice.tests.builders import api, assert_problem
from orders.tests.builders import make_shop
from protection.models import Recovery
from protection.tests.builders import make_covered_order
from protection.tests.carriers import make_recovery, recovery_in, shipped

pytestmark = pytest.mark.django_db


def post(recovery: Recovery, verb: str, sent: dict[str, Any] | None = None, *scopes: str, **bound: str) -> Any:
    return api(*scopes, **bound).post(f"/v1/recoveries/{recovery.public_id}/{verb}", sent or {})


def test_a_case_is_filed_answered_and_paid() -> None:
    recovery = make_recovery()
    filed = post(recovery, "file", {"reference": "C-1"}, "recoveries:file").json()
    assert (filed["status"], filed["claimed"], filed["next_actor"]) == ("filed", "40.00", "carrier")
    asked = post(recovery, "answer", {"answer": "needs_info", "words": "A photo"}, "recoveries:answer").json()
    assert (asked["status"], asked["asked"]) == ("needs_info", "A photo")
    post(recovery, "answer", {"answer": "informed"})
    post(recovery, "answer", {"answer": "approved", "amount": "30.00"})
    paid = post(recovery, "paid", {}, "recoveries:paid").json()
    assert (paid["status"], paid["received"], paid["next_actor"]) == ("paid", "30.00", None)
    assert paid["paid_on"] == timezone.now().date().isoformat()
    read = api("recoveries:read").get(f"/v1/recoveries/{recovery.public_id}")
    assert read.json() == paid
    assert read["ETag"] == f'"{paid["version"]}"'
    last = recovery.order.journal.latest("id")
    assert (last.action, last.by) == ("recovery.paid", "partner:acme")


@pytest.mark.parametrize("verb", ["file", "answer", "paid"])
def test_each_verb_has_a_scope_of_its_own(verb: str) -> None:
    recovery = recovery_in("filed")
    others = {"recoveries:read", "recoveries:file", "recoveries:answer", "recoveries:paid"} - {f"recoveries:{verb}"}
    assert_problem(post(recovery, verb, {"answer": "approved"}, *others), 403, "missing_scope")
    assert_problem(api("recoveries:file").get("/v1/recoveries"), 403, "missing_scope")


def test_what_is_wrong_is_named() -> None:
    recovery = make_recovery()
    assert_problem(post(recovery, "file", {"amount": "-1"}), 422, "invalid_amount", "/amount")
    assert_problem(post(recovery, "file", {"amount": "1.001"}), 422, "invalid_amount", "/amount")
    assert_problem(post(recovery, "file", {"amount": "1e9999"}), 400, "invalid_request", "/amount")
    assert_problem(post(recovery, "file", {"amount": "NaN"}), 400, "invalid_request", "/amount")
    assert_problem(post(recovery, "file", {"amount": "1", "currency": "zzzz"}), 400, "invalid_request", "/currency")
    assert_problem(post(recovery, "file", {"amount": "1", "currency": "e€r"}), 422, "invalid_currency", "/currency")
    assert_problem(post(recovery, "file", {"reference": "x" * 256}), 400, "invalid_request", "/reference")
    assert_problem(post(recovery, "answer", {"answer": "approved"}), 409, "wrong_state")
    assert_problem(post(recovery, "answer", {"answer": "perhaps"}), 400, "invalid_request", "/answer")
    assert_problem(post(recovery, "paid", {"paid_on": "tomorrow"}), 400, "invalid_request", "/paid_on")
    assert post(recovery, "file").status_code == 200
    later = (timezone.now() + timedelta(days=2)).date().isoformat()
    assert_problem(post(recovery, "paid", {"paid_on": later}), 422, "date_in_future", "/paid_on")
    assert_problem(post(recovery, "paid", {"paid_on": "2020-01-01"}), 422, "date_before_filing", "/paid_on")
    assert_problem(post(recovery, "paid", {"amount": "40.01"}), 422, "more_than_claimed", "/amount")
    assert_problem(post(recovery, "answer", {"answer": "denied"}), 422, "reason_missing", "/why")
    recovery.refresh_from_db()
    assert recovery.state == "filed"


def test_early_and_late_need_a_reason() -> None:
    recovery = make_recovery()
    Recovery.objects.update(opens_at=timezone.now() + timedelta(days=1))
    assert_problem(post(recovery, "file"), 409, "too_early", "/why")
    assert post(recovery, "file", {"why": "They take it already"}).status_code == 200


def test_the_list_is_filtered_and_a_bound_key_sees_its_shop() -> None:
    one = make_recovery()
    other = make_recovery(shipped(make_covered_order(shop=make_shop("other.myshopify.com"), name="#2"), company="Pony"))
    Recovery.objects.filter(pk=other.pk).update(doubt="The parcel was delivered after all.")

    def ids(**asked: str) -> list[str]:
        return [row["id"] for row in api().get("/v1/recoveries", **asked).json()["data"]]

    assert ids() == [other.public_id, one.public_id]
    assert ids(shop="other.myshopify.com") == [other.public_id]
    assert ids(doubt="true") == ids(carrier="")[:1] == [other.public_id]
    assert ids(doubt="false") == ids(carrier=one.carrier.public_id) == [one.public_id]  # type: ignore[union-attr]
    assert ids(order=one.order.public_id) == ids(claim=one.claims.get().public_id) == [one.public_id]
    soon = (timezone.now() + timedelta(days=100)).isoformat()
    assert ids(**{"deadline[lt]": soon}) == [one.public_id]
    assert ids(status="paid") == []
    assert_problem(api().get("/v1/recoveries", status="lost"), 400, "invalid_parameter")
    assert_problem(api().get("/v1/recoveries", doubt="maybe"), 400, "invalid_parameter")
    assert_problem(api().get("/v1/recoveries", **{"deadline[lt]": "soon"}), 400, "invalid_parameter")
    bound = api(shop="other.myshopify.com")
    assert [row["id"] for row in bound.get("/v1/recoveries").json()["data"]] == [other.public_id]
    assert_problem(bound.get(f"/v1/recoveries/{one.public_id}"), 404, "not_found")
    assert_problem(bound.post(f"/v1/recoveries/{one.public_id}/file", {}), 404, "not_found")


def test_a_post_that_is_repeated_counts_once() -> None:
    recovery = make_recovery()
    partner = api()
    sent = [
        partner.post(f"/v1/recoveries/{recovery.public_id}/file", {}, **{"Idempotency-Key": "file-1"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert recovery.order.journal.filter(action="recovery.filed").count() == 1
