"""What a partner does with a claim after filing it: messages, arrival, appeal; refused with a code where it may not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from backoffice.tests.builders import api, assert_problem
from orders.tests.builders import make_shop
from protection import asking, filing
from protection.models import Claim
from protection.tests.builders import decide, line_of, make_agent, make_claim, make_covered_order
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db
ADDRESS = {"address1": "2 Other Street", "city": "Springfield", "country_code": "US", "zip": "62702"}


def body(**fields: Any) -> dict[str, Any]:
    order = make_covered_order()
    item = {"line_item": line_of(order).public_id, "quantity": 1}
    return {"order": order.public_id, "reason": "lost", "items": [item], **fields}


def verb(claim: Claim, name: str, sent: dict[str, Any], *scopes: str, **bound: str) -> Any:
    return api(*scopes, **bound).post(f"/v1/claims/{claim.public_id}/{name}", sent)


def test_ranked_wishes_and_another_address_are_kept() -> None:
    choices = [{"remedy": "replacement"}, {"remedy": "exchange", "variant_id": "42"}, {"remedy": "refund"}]
    response = api().post("/v1/claims", body(choices=choices, ship_to=ADDRESS, happened_on="2026-11-20"))
    assert response.status_code == 201, response.content
    claim = Claim.objects.get()
    assert claim.choices == choices == response.json()["choices"]
    assert claim.ship_to == response.json()["ship_to"]
    assert claim.ship_to is not None
    assert {name: claim.ship_to[name] for name in ADDRESS} == ADDRESS
    assert set(claim.ship_to) == set(claim.order.shipping_address or {})
    assert response.json()["happened_on"] == "2026-11-20"


@pytest.mark.parametrize(
    "fields, code, pointer",
    [
        ({"choices": [{"remedy": "goodwill"}]}, "remedy_not_allowed", "/choices/0/remedy"),
        ({"choices": [{"remedy": "exchange"}]}, "variant_missing", "/choices/0/variant_id"),
        ({"choices": [{"remedy": "refund"}, {"remedy": "refund"}]}, "duplicate_choice", "/choices/1"),
        ({"happened_on": "2999-01-01"}, "date_in_future", "/happened_on"),
        ({"happened_on": "1999-01-01"}, "date_before_order", "/happened_on"),
    ],
)
def test_wishes_the_rules_do_not_know(fields: dict[str, Any], code: str, pointer: str) -> None:
    assert_problem(api().post("/v1/claims", body(**fields)), 422, code, pointer)
    assert not Claim.objects.exists()


@pytest.mark.parametrize(
    "fields, pointer",
    [
        ({"choices": [{"remedy": "a car"}]}, "/choices/0/remedy"),
        ({"choices": "refund"}, "/choices"),
        ({"choices": [{"remedy": "exchange", "variant_id": "x"}]}, "/choices/0/variant_id"),
        ({"ship_to": {"city": "Springfield", "country_code": "US"}}, "/ship_to/address1"),
        ({"ship_to": {**ADDRESS, "country_code": "USA"}}, "/ship_to/country_code"),
        ({"ship_to": []}, "/ship_to"),
        ({"happened_on": "yesterday"}, "/happened_on"),
        ({"reason": "bored"}, "/reason"),
    ],
)
def test_wishes_that_cannot_be_read(fields: dict[str, Any], pointer: str) -> None:
    assert_problem(api().post("/v1/claims", body(**fields)), 400, "invalid_request", pointer)
    assert not Claim.objects.exists()


def test_too_late_is_a_named_problem_and_too_early_waits() -> None:
    sent = body(reason="damaged")
    order = make_covered_order()
    send(order, ("delivered", timezone.now() - timedelta(days=40)))
    late = {**sent, "order": order.public_id, "items": [{"line_item": line_of(order).public_id, "quantity": 1}]}
    problem = assert_problem(api().post("/v1/claims", late), 422, "too_late", "/reason")
    assert "until 30 days after the delivery scan" in problem["detail"]
    early = make_covered_order()
    send(early, ("in_transit", timezone.now()))
    sent = {
        "order": early.public_id,
        "reason": "lost",
        "items": [{"line_item": line_of(early).public_id, "quantity": 1}],
    }
    answer = api().post("/v1/claims", sent).json()
    assert (answer["status"], answer["next_actor"], answer["rule_version"]) == ("waiting", "system", 1)
    assert answer["eligible_at"] > timezone.now().isoformat()


def test_an_answer_brings_the_claim_back_and_is_read_with_it() -> None:
    claim = asking.ask(make_claim(), ["A photo", "Your floor"], by="staff:ana").claim
    asked = api().get(f"/v1/claims/{claim.public_id}").json()["asked"]
    assert (asked["items"], asked["reminders"]) == (["A photo", "Your floor"], 0)
    response = verb(claim, "messages", {"text": "Third floor"}, "claims:write")
    assert response.status_code == 200
    now = response.json()
    assert (now["status"], now["asked"], [reply["text"] for reply in now["replies"]]) == (
        "in_review", None, ["Third floor"],
    )  # fmt: skip
    assert claim.replies.get().by == "partner:acme"


@pytest.mark.parametrize("sent", [{}, {"text": ""}, {"text": 5 * ["x"]}, {"text": "\x00"}, {"text": "x" * 10_001}])
def test_a_message_has_words(sent: dict[str, Any]) -> None:
    claim = make_claim()
    assert_problem(verb(claim, "messages", sent), 400, "invalid_request", "/text")
    assert not claim.replies.exists()


def test_nobody_writes_to_a_closed_claim() -> None:
    claim = filing.withdraw(make_claim(), by="customer")
    assert_problem(verb(claim, "messages", {"text": "But"}), 409, "claim_closed")
    assert_problem(verb(claim, "arrived", {"arrived": True}), 409, "wrong_state")
    assert_problem(verb(claim, "withdraw", {}), 409, "wrong_state")
    assert_problem(verb(claim, "appeal", {"why": "But"}), 409, "nothing_to_appeal")


def test_it_arrived() -> None:
    claim = make_claim()
    assert verb(claim, "arrived", {"arrived": True}).json()["outcome"] == "arrived"
    assert_problem(verb(make_claim(), "arrived", {"arrived": "perhaps"}), 400, "invalid_request", "/arrived")


def test_an_appeal_is_made_once_and_says_until_when() -> None:
    claim = decide(make_claim(), make_agent(), 0)
    assert api().get(f"/v1/claims/{claim.public_id}").json()["appeal_until"] is not None
    now = verb(claim, "appeal", {"why": "Look at the scan"}).json()
    assert (now["status"], now["appeal"], now["appeal_until"]) == ("in_review", "Look at the scan", None)
    assert_problem(verb(claim, "appeal", {"why": "Again"}), 409, "wrong_state")
    decide(claim, make_agent("ben"), 0)
    assert_problem(verb(claim, "appeal", {"why": "Again"}), 409, "already_appealed")
    assert_problem(verb(claim, "appeal", {}), 400, "invalid_request", "/why")


@pytest.mark.parametrize("name", ["messages", "arrived", "appeal", "withdraw"])
def test_who_may_only_read_or_sees_another_shop_may_not(name: str) -> None:
    claim, sent = make_claim(), {"text": "x", "arrived": True, "why": "x"}
    assert_problem(verb(claim, name, sent, "claims:read"), 403, "missing_scope")
    make_shop("other.myshopify.com")
    assert_problem(verb(claim, name, sent, shop="other.myshopify.com"), 404, "not_found")
    claim.refresh_from_db()
    assert (claim.state, claim.replies.count()) == ("in_review", 0)


def test_the_list_is_filtered_by_what_claims_are() -> None:
    lost, other = make_claim(), make_claim(make_covered_order(shop=make_shop("two.myshopify.com")), reason="damaged")
    filing.withdraw(other, by="customer")
    partner = api()

    def ids(**parameters: str) -> list[str]:
        return [row["id"] for row in partner.get("/v1/claims", **parameters).json()["data"]]

    assert ids(reason="lost") == ids(next_actor="agent") == ids(shop="tests.myshopify.com") == [lost.public_id]
    assert ids(outcome="withdrawn") == ids(shop="two.myshopify.com", reason="damaged") == [other.public_id]
    assert ids(**{"created_at[gte]": "2999-01-01T00:00:00Z"}) == []
    for name in ("reason", "outcome", "next_actor"):
        assert_problem(partner.get("/v1/claims", **{name: "happy"}), 400, "invalid_parameter", name)
