"""/v1/claims/{id}/feedback: partners read and pass on what a customer said of a closed claim."""

import pytest

from backoffice.tests.builders import api, assert_problem
from protection.models import Claim, Feedback
from protection.tests.builders import decide, make_agent, make_claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed() -> Claim:
    claim = make_claim()
    decide(claim, make_agent(), 0)
    return claim


def path(claim: Claim) -> str:
    return f"/v1/claims/{claim.public_id}/feedback"


def test_feedback_is_passed_on_changed_and_read(closed):
    client = api("claims:read", "claims:write")
    assert client.post(path(closed), {"score": 2, "comment": "Slow"}).status_code == 201
    changed = client.post(path(closed), {"score": 4})
    assert changed.status_code == 200
    [said] = client.get(path(closed)).json()["data"]
    assert (said["score"], said["comment"], said["claim"]) == (4, "", closed.public_id)
    assert said == changed.json()


def test_the_same_key_gives_the_same_answer(closed):
    client = api("claims:write")
    first, again = (client.post(path(closed), {"score": 5}, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == again.json()
    assert Feedback.objects.count() == 1


def test_an_open_claim_has_none():
    assert_problem(api("claims:write").post(path(make_claim()), {"score": 5}), 409, "wrong_state")


@pytest.mark.parametrize("score", [0, 6, "x", None, True, 4.5, 10**30])
def test_a_score_is_one_of_five(closed, score):
    assert_problem(api("claims:write").post(path(closed), {"score": score}), 400, "invalid_request", "/score")


def test_scope_and_shop_are_needed(closed):
    assert_problem(api("claims:read").post(path(closed), {"score": 5}), 403, "missing_scope")
    assert_problem(api("orders:read").get(path(closed)), 403, "missing_scope")
    assert api("claims:read", shop="other.myshopify.com").get(path(closed)).status_code == 404
