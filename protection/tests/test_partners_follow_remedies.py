"""Remedies over the API: listed and read by who may see their shop, taken back with a scope of its own."""

from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from orders.models import Change
from orders.tests.builders import line, make_order, make_shop
from protection import resolutions, review
from protection.models import Resolution
from protection.review import ItemDecision
from protection.tests.builders import make_agent, make_claim, make_covered_order, make_resolution

pytestmark = pytest.mark.django_db
WHY = {"why": "Wrong colour"}


def path(resolution: Resolution, verb: str = "") -> str:
    return f"/v1/resolutions/{resolution.public_id}{verb}"


def done(kind: str) -> Resolution:
    """A remedy of this kind that was carried out; replacements are home."""
    claim = make_claim()
    review.decide(claim, [ItemDecision(claim.items.get(), "approve", 1, remedy=kind)], user=make_agent())
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    if kind != "replacement":
        return resolutions.mark_executed(resolution, by="shopify")
    resolutions.recognise(make_order(line("Teapot"), source_identifier=str(resolution.uuid)), by="shopify")
    resolution.refresh_from_db()
    return resolution


def test_a_remedy_says_what_is_given_and_how_it_stands() -> None:
    resolution = done("store_credit")
    answer = api().get(path(resolution))
    assert answer.status_code == 200
    body = answer.json()
    claim = resolution.claim
    assert (body["id"], body["claim"], body["order"]) == (
        resolution.public_id, claim.public_id, claim.order.public_id,
    )  # fmt: skip
    assert (body["kind"], body["status"], body["amount"]["shop"]["amount"]) == ("store_credit", "executed", "40.00")
    assert body["items"][0]["quantity"] == 1
    inside = api().get(f"/v1/claims/{claim.public_id}").json()["resolutions"]
    assert [{**body, **one} for one in inside] == [body]  # the same there


def test_they_are_listed_newest_first_in_pages_and_filtered() -> None:
    first, second = done("replacement"), make_resolution(make_claim(make_covered_order(line("Teapot"))))
    key = api()

    def listed(**query: str) -> list[str]:
        return [row["id"] for row in key.get("/v1/resolutions", **query).json()["data"]]

    assert listed() == [second.public_id, first.public_id]
    assert listed(status="executed") == listed(claim=first.claim.public_id) == [first.public_id]
    assert listed(order=second.claim.order.public_id) == [second.public_id]
    assert listed(kind="refund") == listed(shop="other.myshopify.com") == listed(claim="\x00") == []
    assert listed(updated_since="2999-01-01T00:00:00Z") == []
    page = key.get("/v1/resolutions", limit="1").json()
    assert page["has_more"]
    assert listed(limit="1", cursor=page["next_cursor"]) == [first.public_id]


@pytest.mark.parametrize("query", [
    {"status": "gone"}, {"kind": "cash"}, {"updated_since": "yesterday"}, {"cursor": "x"}, {"limit": "0"},
])  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    assert_problem(api().get("/v1/resolutions", **query), 400, "invalid_parameter", next(iter(query)))


def test_a_key_sees_the_remedies_of_its_shop_only() -> None:
    resolution = done("handled_elsewhere")
    make_shop("other.myshopify.com")
    other = api(shop="other.myshopify.com")
    assert other.get("/v1/resolutions").json()["data"] == []
    for answer in (other.get(path(resolution)), other.post(path(resolution, "/reverse"), WHY)):
        assert_problem(answer, 404, "not_found")
    assert Resolution.objects.get().state == "executed"


def test_taking_one_back_has_a_scope_of_its_own() -> None:
    resolution = done("handled_elsewhere")
    assert_problem(api("claims:write", "claims:read").post(path(resolution, "/reverse"), WHY), 403, "missing_scope")
    assert api("resolutions:write").post(path(resolution, "/reverse"), WHY).status_code == 200
    assert_problem(api("resolutions:write").get(path(resolution)), 403, "missing_scope")


def test_what_was_handled_elsewhere_is_taken_back_at_once_and_once() -> None:
    resolution = done("handled_elsewhere")
    key = api("resolutions:write")
    sent = {"Idempotency-Key": "back-1"}
    first, again = (key.post(path(resolution, "/reverse"), WHY, **sent) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["status"] == "reversed"
    resolution.claim.refresh_from_db()
    assert resolution.claim.state == "in_review"
    told = resolution.claim.order.journal.filter(action="resolution.reversed")
    assert [entry.by.partition(":")[0] for entry in told] == ["partner"]
    assert_problem(key.post(path(resolution, "/reverse"), WHY), 409, "not_carried_out")


def test_of_a_replacement_the_change_that_cancels_it_is_named() -> None:
    resolution = done("replacement")
    key = api("resolutions:write")
    answer = key.post(path(resolution, "/reverse"), WHY)
    assert (answer.status_code, answer.json()["status"]) == (202, "executed")
    change = Change.objects.get(reference=resolution.public_id)
    assert answer["Location"] == f"/v1/changes/{change.public_id}"
    assert_problem(key.post(path(resolution, "/reverse"), WHY), 409, "change_waiting")


def test_what_cannot_be_taken_back_says_why() -> None:
    key = api("resolutions:write")
    assert_problem(key.post(path(done("store_credit"), "/reverse"), WHY), 409, "irreversible")
    queued = make_resolution(make_claim(make_covered_order(line("Teapot"))))
    assert_problem(key.post(path(queued, "/reverse"), WHY), 409, "not_carried_out")
    resolutions.start(queued)
    resolutions.mark_executed(queued, remote_order_id=77, remote_order_name="#77", by="shopify")
    assert_problem(key.post(path(queued, "/reverse"), WHY), 409, "not_home")


@pytest.mark.parametrize("sent", [{}, {"why": ""}, {"why": "\ud800"}, {"why": 5 * [1]}, []])
def test_a_reason_is_needed(sent: Any) -> None:
    resolution = done("handled_elsewhere")
    answer = api("resolutions:write").post(path(resolution, "/reverse"), sent)
    assert answer.status_code in (400, 422)
    assert Resolution.objects.get().state == "executed"
