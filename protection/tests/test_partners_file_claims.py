"""POST /v1/claims and what follows: filed, read back, withdrawn; each refusal with its code and the field at fault."""

from typing import Any

import pytest

from backoffice.tests.builders import Api, api, assert_problem
from orders.models import Order
from orders.tests.builders import line, make_order, make_shop
from protection import resolutions, review
from protection.models import Claim
from protection.tests.builders import (
    decide,
    line_of,
    make_agent,
    make_claim,
    make_covered_order,
    make_resolution,
)

pytestmark = pytest.mark.django_db


def body_for(order: Order, quantity: int = 1, **fields: Any) -> dict[str, Any]:
    item = {"line_item": line_of(order).public_id, "quantity": quantity}
    return {"order": order.public_id, "reason": "lost", "items": [item], **fields}


def filed(order: Order, partner: Api | None = None) -> dict[str, Any]:
    response = (partner or api()).post("/v1/claims", body_for(order))
    assert response.status_code == 201, response.content
    claim: dict[str, Any] = response.json()
    return claim


def test_a_claim_is_filed_and_says_where_it_is() -> None:
    order = make_covered_order()
    response = api("claims:write").post("/v1/claims", body_for(order, 2, description="Nie angekommen 🍵"))
    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == f"/v1/claims/{body['id']}"
    assert (body["order"], body["status"], body["outcome"], body["next_actor"], body["description"]) == (
        order.public_id, "in_review", None, "agent", "Nie angekommen 🍵",
    )  # fmt: skip
    row = line_of(order)
    assert body["items"] == [
        {"line_item": row.public_id, "line_item_remote_id": str(row.remote_id), "quantity": 2, "decisions": []}
    ]
    claim = Claim.objects.get()
    assert (claim.public_id, claim.filed_by) == (body["id"], "partner:acme")


def test_a_line_may_be_named_by_the_shops_id() -> None:
    order = make_covered_order()
    item = {"line_item": str(line_of(order).remote_id), "quantity": 1}
    assert api().post("/v1/claims", body_for(order, items=[item])).status_code == 201


def test_it_reads_back_as_it_was_answered() -> None:
    partner = api()
    claim = filed(make_covered_order(), partner)
    assert partner.get(f"/v1/claims/{claim['id']}").json() == claim
    assert partner.get("/v1/claims").json()["data"] == [claim]


def test_a_decided_claim_tells_the_decision_and_the_replacement() -> None:
    claim = make_claim(make_covered_order(line("Teapot", 2)), quantity=2)
    decide(claim, make_agent(), 1)
    resolution = claim.resolutions.get()
    resolutions.start(resolution)
    replacement = make_order(name="#2001", source_identifier=str(resolution.uuid))
    resolutions.recognise(replacement, by="shopify")
    body = api().get(f"/v1/claims/{claim.public_id}").json()
    assert (body["status"], body["outcome"], body["next_actor"]) == ("closed", "partial", None)
    verdicts = [(d["verdict"], d["quantity"], d["value"]["shop"]["amount"]) for d in body["items"][0]["decisions"]]
    assert verdicts == [("approve", 1, "40.00"), ("deny", 1, "40.00")]
    (remedy,) = body["resolutions"]
    assert (remedy["status"], remedy["replacement_order"], remedy["replacement_order_name"]) == (
        "executed", replacement.public_id, "#2001",
    )  # fmt: skip


def test_a_decision_that_was_taken_back_is_not_told() -> None:
    claim, agent = make_claim(), make_agent()
    decide(claim, agent)
    review.undo(claim, user=agent)
    assert api().get(f"/v1/claims/{claim.public_id}").json()["items"][0]["decisions"] == []


def test_the_etag_changes_with_every_step() -> None:
    claim = make_claim()
    path = f"/v1/claims/{claim.public_id}"
    first = api().get(path)["ETag"]
    review.ask_for_info(claim, "A photo", user=make_agent())
    assert api().get(path)["ETag"] != first


def test_what_the_rules_refuse_is_answered_with_code_and_field() -> None:
    covered, bare = make_covered_order(line("Teapot", 2), line("Tip", tip=True)), make_order()
    used = make_covered_order(line("Teapot", 1))
    make_resolution(make_claim(used))
    teapot = {"line_item": line_of(covered).public_id, "quantity": 1}
    fee = {"line_item": line_of(covered, "Delivery guarantee").public_id, "quantity": 1}
    tip = {"line_item": line_of(covered, "Tip").public_id, "quantity": 1}
    foreign = {"line_item": line_of(bare).public_id, "quantity": 1}
    refusals: list[tuple[dict[str, Any], str, str]] = [
        (body_for(bare), "not_covered", "/order"),
        ({**body_for(covered), "order": "ord_nobody"}, "unknown_order", "/order"),
        (body_for(covered, items=[teapot, fee]), "fee_line", "/items/1"),
        (body_for(covered, items=[tip]), "tip_line", "/items/0"),
        (body_for(covered, 3), "invalid_quantity", "/items/0/quantity"),
        (body_for(covered, items=[teapot, foreign]), "unknown_line", "/items/1/line_item"),
        (body_for(covered, items=[teapot, teapot]), "duplicate_item", "/items/1"),
        (body_for(used), "unit_already_used", "/items/0/quantity"),
    ]
    before = Claim.objects.count()
    for body, code, pointer in refusals:
        assert_problem(api().post("/v1/claims", body), 422, code, pointer)
    assert Claim.objects.count() == before
    filed(covered)
    problem = assert_problem(api().post("/v1/claims", body_for(covered, 2)), 422, "already_claimed")
    assert problem["detail"].count("clm_") == 1


def test_the_list_is_filtered_by_order_state_and_change() -> None:
    first, second = make_claim(), make_claim()
    review.close(second, "arrived", user=make_agent())
    partner = api()

    def ids(**parameters: str) -> list[str]:
        return [row["id"] for row in partner.get("/v1/claims", **parameters).json()["data"]]

    assert ids() == [second.public_id, first.public_id]
    assert ids(order=first.order.public_id) == [first.public_id]
    assert ids(order="\x00") == []
    assert ids(status="closed") == [second.public_id]
    assert ids(updated_since="2999-01-01T00:00:00Z") == []
    assert_problem(partner.get("/v1/claims", status="happy"), 400, "invalid_parameter", "status")


def test_a_list_costs_a_fixed_number_of_queries(django_assert_max_num_queries: Any) -> None:
    agent = make_agent(limit=None)
    for number in range(12):
        claim = make_claim(make_covered_order(shop=make_shop(f"s{number % 3}.myshopify.com")))
        if number % 2:
            decide(claim, agent)
    partner = api()
    with django_assert_max_num_queries(9):
        assert len(partner.get("/v1/claims").json()["data"]) == 12


def test_a_claim_is_withdrawn_once() -> None:
    partner = api()
    claim = filed(make_covered_order(), partner)
    path = f"/v1/claims/{claim['id']}/withdraw"
    response = partner.post(path, {})
    assert (response.status_code, response.json()["status"], response.json()["outcome"]) == (200, "closed", "withdrawn")
    assert Claim.objects.get().order.journal.latest("id").by == "partner:acme"
    assert_problem(partner.post(path, {}), 409, "wrong_state")


def test_a_claim_with_a_remedy_under_way_is_not_withdrawn() -> None:
    claim = make_resolution().claim
    assert_problem(api().post(f"/v1/claims/{claim.public_id}/withdraw", {}), 409, "already_decided")
    claim.refresh_from_db()
    assert claim.state == "decided"


def test_withdrawing_needs_no_body() -> None:
    claim = make_claim()
    assert api().raw(f"/v1/claims/{claim.public_id}/withdraw", b"").status_code == 200


def test_a_key_bound_to_a_shop_can_neither_see_nor_touch_another_shops_claims() -> None:
    mine = make_claim(make_covered_order(shop=make_shop("mine.myshopify.com")))
    foreign = make_claim()
    partner = api(shop="mine.myshopify.com")
    assert [row["id"] for row in partner.get("/v1/claims").json()["data"]] == [mine.public_id]
    assert partner.get("/v1/claims", order=foreign.order.public_id).json()["data"] == []
    assert_problem(partner.get(f"/v1/claims/{foreign.public_id}"), 404, "not_found")
    assert_problem(partner.post(f"/v1/claims/{foreign.public_id}/withdraw", {}), 404, "not_found")
    assert_problem(partner.post("/v1/claims", body_for(foreign.order)), 422, "unknown_order", "/order")
    foreign.refresh_from_db()
    assert foreign.state == "in_review"
    assert Claim.objects.count() == 2
