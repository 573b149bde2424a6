"""The page of a claim: how it stands in words, what was asked, an answer with photos, and never what staff wrote."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.journal import record
from orders.models import JournalEntry
from protection import arrivals, asking, filing, review
from protection.customer import links
from protection.models import Claim, Evidence, Reply
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.customer import Customer, picture, text
from protection.tests.parcels import scan, send

pytestmark = pytest.mark.django_db


def early_claim() -> Claim:
    """A claim that waits because its parcel moved just now."""
    order = make_covered_order()
    send(order, ("in_transit", timezone.now() - timedelta(hours=1)))
    return make_claim(order)


def test_what_was_asked_is_answered_with_words_and_photos_once():
    claim = make_claim(reason="damaged")
    asking.ask(claim, ["A photo of the box", "When did it come?"], by="staff:ana")
    customer, url = Customer(), links.claim_url(claim)
    page = text(customer.open(url))
    assert "We need something from you" in page
    assert "A photo of the box When did it come?" in page
    assert "Until" in page
    for _ in range(2):
        sent = customer.send(url, "answer", text="On Friday", packaging_photo=[picture(1), picture(2)], key="one")
    assert "Thank you. We have your answer." in customer.follow(sent)
    claim.refresh_from_db()
    assert claim.state == "in_review"
    assert Reply.objects.get().text == "On Friday"
    assert Evidence.objects.filter(claim=claim, kind="packaging_photo").count() == 2


def test_who_goes_back_and_says_something_else_is_heard():
    """A browser shows the page of before, with the key it had."""
    customer, url = Customer(), links.claim_url(make_claim())
    for words in ("It came on Friday", "It came on Friday", "No, on Monday"):
        customer.send(url, "answer", text=words, key="one")
    assert list(Reply.objects.order_by("id").values_list("text", flat=True)) == ["It came on Friday", "No, on Monday"]


def test_an_empty_answer_is_no_answer():
    claim = make_claim()
    asking.ask(claim, ["A photo"], by="staff:ana")
    assert Customer().send(links.claim_url(claim), "answer", text=" \x00 ").status_code == 422
    claim.refresh_from_db()
    assert claim.state == "needs_info"


def test_a_claim_that_was_closed_in_silence_opens_again_by_an_answer():
    claim = make_claim()
    request = asking.ask(claim, ["A photo"], by="staff:ana")
    asking.InfoRequest.objects.filter(pk=request.pk).update(remind_at=None, reminders=2, due_at=timezone.now())
    asking.run(timezone.now() + timedelta(minutes=1))
    customer, url = Customer(), links.claim_url(claim)
    assert "If you answer now, we open it again." in text(customer.open(url))
    customer.send(url, "answer", text="Here I am")
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_a_claim_that_waits_says_until_when_and_why():
    page = text(Customer().open(links.claim_url(early_claim())))
    assert "We have your claim, it waits for its day" in page
    assert "the days count from the last scan on" in page


@pytest.mark.parametrize("verb, state, outcome", [("arrived", "closed", "arrived"), ("not_arrived", "in_review", "")])
def test_the_customer_says_whether_it_arrived_after_all(verb, state, outcome):
    claim = early_claim()
    scan(claim.order.fulfillments.get(), "delivered", timezone.now())
    arrivals.order_moved(claim.order, by="shopify")
    customer, url = Customer(), links.claim_url(claim)
    assert "Your parcel has moved. Did it arrive?" in text(customer.open(url))
    customer.follow(customer.send(url, verb))
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == (state, outcome)


def test_the_customer_takes_the_claim_back_once():
    claim = make_claim()
    customer, url = Customer(), links.claim_url(claim)
    assert "You took this claim back" in customer.follow(customer.send(url, "withdraw"))
    assert "Take the claim back" not in text(customer.open(url))
    token = customer.client.cookies["csrftoken"].value
    again = customer.client.post(links.inside(url), {"verb": "withdraw", "csrfmiddlewaretoken": token})
    assert again.status_code == 409
    assert JournalEntry.objects.filter(action="claim.closed").get().by == f"customer:{claim.order.public_id}"


def test_nothing_is_withdrawn_while_a_remedy_is_under_way():
    claim = make_claim()
    customer, url = Customer(), links.claim_url(claim)
    customer.open(url)
    decide(claim, make_agent())
    token = customer.client.cookies["csrftoken"].value
    refused = customer.client.post(links.inside(url), {"verb": "withdraw", "csrfmiddlewaretoken": token})
    assert refused.status_code == 409
    assert "This claim has been decided, and what was decided is being carried out." in text(refused)


def test_the_story_is_told_in_the_customers_words_and_nothing_internal():
    claim = make_claim()
    ana = make_agent()
    asking.ask(claim, ["A photo of the box"], by="staff:ana")
    asking.answer(claim, "Here it is", by="customer")
    filing.withdraw(claim, by="customer")
    review.reopen(claim, "CANARY: the neighbour called", user=ana)
    record("claim.assigned", shop=claim.order.shop, order=claim.order, subject=claim.public_id, by="staff:ana",
           assignee="CANARY-ana")  # fmt: skip
    page = text(Customer().open(links.claim_url(claim)))
    for said in ("We got your claim", "We asked you for something", "A photo of the box", "You wrote to us",
                 "Here it is", "You took this claim back", "We opened your claim again"):  # fmt: skip
        assert said in page
    assert "CANARY" not in page
    assert "ana" not in page.replace("analy", "")


def test_a_missing_photo_is_asked_for_until_it_is_there():
    claim = make_claim(reason="damaged")
    customer, url = Customer(), links.claim_url(claim)
    assert "What would help us Photos of the item" in text(customer.open(url))
    customer.send(url, "answer", photo=picture())
    assert "What would help us" not in text(customer.open(url))


def test_a_link_for_photos_takes_photos_and_nothing_else():
    claim = make_claim(reason="damaged")
    customer, url = Customer(), links.evidence_url(claim)
    assert "Thank you. We have your photos." in customer.follow(customer.send(url, "send", photo=picture()))
    assert customer.send(url, "send", photo=picture()).status_code == 303  # the same photo again
    assert claim.evidence.get().kind == "photo"
    for verb in ("withdraw", "answer", "arrived", ""):
        assert customer.send(url, verb, text="x").status_code == 400
    assert customer.send(url, "send").status_code == 422
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_a_closed_claim_takes_no_photos():
    claim = make_claim(reason="damaged")
    decide(claim, make_agent(), 0)
    customer = Customer()
    said = customer.follow(customer.send(links.evidence_url(claim), "send", photo=picture()))
    assert "Photo 1 was not taken" in said
    assert not claim.evidence.exists()
