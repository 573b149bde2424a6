"""The receipt: per item what was decided, by which rule, dates and proof; and from there another look, and feedback."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from orders.models import JournalEntry
from orders.tests.builders import bag, line
from protection import review
from protection.customer import links
from protection.evidence import add_evidence
from protection.models import Claim, Feedback
from protection.review import ItemDecision
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.customer import Customer, picture, text
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db


@pytest.fixture
def denied() -> Claim:
    order = make_covered_order()
    send(order, ("in_transit", timezone.now() - timedelta(days=5)), ("delivered", timezone.now() - timedelta(days=3)))
    claim = make_claim(order, reason="damaged")
    add_evidence(claim, picture(), by="customer")
    item = claim.items.get()
    part = ItemDecision(item, "deny", item.quantity, "not_from_transit", note="The box is whole in your photo.")
    return review.decide(claim, [part], user=make_agent())


def test_the_receipt_says_what_by_which_rule_on_which_dates_and_what_would_change_it(denied):
    page = Customer().open(links.receipt_url(denied))
    said = text(page)
    for words in (
        "1 × Teapot", "Not approved", "The damage did not happen on the way", "The box is whole in your photo.",
        "At once, until 30 days after the delivery scan.", "Version 1, in force since", "the delivery scan",
        "Delivered", "Photos of the packaging that show where it was hit or opened.",
        "Goods, after discounts 40.00 USD", "you can ask for another look", "Photos of the item",
    ):  # fmt: skip
        assert words in said, words
    thumbnail = page.content.decode().split('<img src="')[1].split('"')[0]
    assert Customer().client.get(thumbnail).status_code == 200


def test_the_parts_of_the_money_sum_to_what_was_paid():
    amounts = {"unit_price": bag("40.00"), "discount": bag("4.00"), "tax": bag("3.60")}
    order = make_covered_order(line("Teapot", 1, amounts=amounts), amounts={
        "total": bag("46.50"), "shipping": bag("5.90"), "tax": bag("3.60")})  # fmt: skip
    claim = make_claim(order)  # a lost parcel: its rule pays shipping
    item = claim.items.get()
    review.decide(claim, [ItemDecision(item, "approve", 1, remedy="refund")], user=make_agent())
    said = text(Customer().open(links.receipt_url(claim)))
    decision = item.decisions.get()
    assert decision.value["shop"]["amount"] == "45.50"
    assert Decimal("36.00") + Decimal("3.60") + Decimal("5.90") == Decimal("45.50")
    assert (
        "Goods, after discounts 36.00 USD Tax on them 3.60 USD Shipping, duties and fee, as the rule says 5.90" in said
    )
    assert "Together 45.50 USD" in said
    assert "You get: a refund, 45.50 USD" in said


def test_before_a_decision_the_receipt_says_that_there_is_none():
    said = text(Customer().open(links.receipt_url(make_claim())))
    assert "Nothing is decided yet." in said
    assert "another look" not in said


def test_the_customer_asks_for_another_look_once_and_ana_may_not_take_it(denied):
    customer, url = Customer(), links.appeal_url(denied)
    done = customer.follow(customer.send(url, "appeal", why="The box is torn on the other side"))
    assert "Another person than before looks at it." in done
    denied.refresh_from_db()
    assert (denied.state, denied.appeal_why) == ("in_review", "The box is torn on the other side")
    assert not denied.may_decide(User.objects.get(username="ana"))
    assert "that can be done once" in text(customer.open(url))
    decide(denied, make_agent("ben"), 0)
    assert "that can be done once" in text(customer.open(url))


def test_an_appeal_needs_words_and_its_time(denied):
    customer, url = Customer(), links.appeal_url(denied)
    assert customer.send(url, "appeal", why="  ").status_code == 409
    Claim.objects.filter(pk=denied.pk).update(closed_at=F("closed_at") - timedelta(days=31))
    assert "The time to ask for another look ended on" in text(customer.open(url))
    token = customer.client.cookies["csrftoken"].value
    late = customer.client.post(links.inside(url), {"verb": "appeal", "why": "x", "csrfmiddlewaretoken": token})
    assert late.status_code == 409
    denied.refresh_from_db()
    assert denied.state == "closed"


def test_the_link_to_the_receipt_changes_nothing(denied):
    customer = Customer()
    customer.open(links.feedback_url(denied))
    token = customer.client.cookies["csrftoken"].value
    for verb in ("appeal", "withdraw", "answer", "send", "get", "show", "dispatch"):
        answer = customer.client.post(
            links.inside(links.receipt_url(denied)),
            {"verb": verb, "why": "x", "text": "x", "score": "5", "csrfmiddlewaretoken": token},
        )
        assert answer.status_code == 400
    denied.refresh_from_db()
    assert denied.state == "closed"


def test_feedback_is_given_once_and_changed_within_a_week(denied):
    customer, url = Customer(), links.feedback_url(denied)
    said = customer.follow(customer.send(url, "send", score="2", comment="It took long"))
    assert "Thank you for telling us." in said
    customer.send(url, "send", score="4", comment="It took long")
    customer.send(url, "send", score="4", comment="It took long")
    given = Feedback.objects.get()
    assert (given.score, given.comment, given.closed_at) == (4, "It took long", denied.closed_at)
    entries = JournalEntry.objects.filter(action="claim.feedback").order_by("id")
    assert [entry.facts["score"] for entry in entries] == [2, 4]
    assert "It took long" not in str([entry.facts for entry in entries])
    Feedback.objects.update(created_at=F("created_at") - timedelta(days=8))
    assert "You gave us 4 of 5." in text(customer.open(url))
    token = customer.client.cookies["csrftoken"].value
    late = customer.client.post(links.inside(url), {"verb": "send", "score": "1", "csrfmiddlewaretoken": token})
    assert late.status_code == 409
    assert Feedback.objects.get().score == 4


def test_each_closing_has_feedback_of_its_own(denied):
    customer, url = Customer(), links.feedback_url(denied)
    customer.send(url, "send", score="1")
    customer.send(links.appeal_url(denied), "appeal", why="Look again")
    assert "This claim is not closed yet" in text(customer.open(url))
    decide(Claim.objects.get(), make_agent("ben"), 0)
    customer.send(url, "send", score="5")
    assert list(Feedback.objects.order_by("id").values_list("score", flat=True)) == [1, 5]


@pytest.mark.parametrize("score", ["0", "6", "-1", "4.5", "", "x", "٣"])
def test_a_score_is_one_of_five(denied, score):
    assert Customer().send(links.feedback_url(denied), "send", score=score).status_code == 422
    assert not Feedback.objects.exists()
