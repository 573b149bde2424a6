"""A customer files a claim by a link: what may be claimed, when, with which proof; and who may not."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from orders.tests.builders import line, make_order, make_shop
from protection import filing
from protection.customer import links, once
from protection.models import Claim, ReasonRule, SentForm, StatutoryDuty
from protection.tests.builders import line_of, make_claim, make_covered_order, make_plan
from protection.tests.customer import Customer, chosen, picture, text
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db
ANSWERS = {"answer-0": "Yes, it was torn open", "description": "The lid is broken", "address": "same"}


@pytest.fixture
def order():
    return make_covered_order(line("Teapot", 2, product_id=7), line("Card", 1, gift_card=True))


def test_the_first_step_shows_what_may_be_claimed_and_why_not_the_rest(order):
    send(order, ("delivered", timezone.now() - timedelta(days=40)))
    said = text(Customer().open(links.filing_url(order)))
    assert "Teapot How many Teapot of 2" in said
    assert "This is the fee for the guarantee itself." in said
    assert "A gift card is not shipped." in said
    assert "It arrived damaged The time for this ended on" in said


def test_a_claim_is_filed_with_all_that_was_said(order):
    customer, url = Customer(), links.filing_url(order)
    filed = customer.send(
        url, "file", chosen(line_of(order), quantity=2), **ANSWERS, happened_on="2026-11-21", photo=picture(),
        **{"wish-1": "replacement", "wish-2": "refund"},
    )  # fmt: skip
    said = customer.follow(filed)
    assert "We have your claim." in said
    claim = Claim.objects.get()
    assert (claim.reason, claim.state, claim.filed_by) == ("damaged", "in_review", f"customer:{order.public_id}")
    assert claim.description == "The lid is broken\n\nWas the packaging damaged as well?\nYes, it was torn open"
    assert claim.happened_on == date(2026, 11, 21)
    assert claim.choices == [{"remedy": "replacement"}, {"remedy": "refund"}]
    assert claim.ship_to is None
    assert claim.items.get().quantity == 2
    assert claim.evidence.get().uploaded_by == claim.filed_by


def test_another_address_goes_with_the_claim_and_stays_in_the_country(order):
    other = {"address": "other", "to-address1": "9 New Road", "to-city": "Shelbyville", "to-zip": "62702"}
    Customer().send(links.filing_url(order), "file", chosen(line_of(order)), **(ANSWERS | other))
    ship_to = Claim.objects.get().ship_to
    assert (ship_to["address1"], ship_to["city"], ship_to["country_code"]) == ("9 New Road", "Shelbyville", "US")


def test_a_form_sent_twice_files_once(order):
    customer, url = Customer(), links.filing_url(order)
    both = [customer.send(url, "file", chosen(line_of(order)), **ANSWERS, key="one-and-the-same") for _ in range(2)]
    assert [answer.status_code for answer in both] == [303, 303]
    assert Claim.objects.count() == 1


def test_sent_forms_are_forgotten_in_time(order):
    customer, url = Customer(), links.filing_url(order)
    customer.send(url, "file", chosen(line_of(order)), **ANSWERS, key="old")
    once.sweep()
    assert SentForm.objects.filter(key="old").update(created_at=timezone.now() - once.KEPT) == 1
    once.sweep()
    assert not SentForm.objects.exists()
    assert Claim.objects.count() == 1


def test_too_early_is_taken_and_the_day_is_told(order):
    send(order, ("in_transit", timezone.now()))
    customer, url = Customer(), links.filing_url(order)
    page = text(customer.open(url, **chosen(line_of(order), "lost")))
    assert "It is early. Send it now all the same." in page
    said = customer.follow(customer.send(url, "file", chosen(line_of(order), "lost")))
    assert "We have your claim, it waits for its day" in said
    assert "the days count from the last scan on" in said
    assert Claim.objects.get().state == "waiting"


def test_late_is_refused_with_the_day_the_rule_and_whom_to_write_to(order):
    send(order, ("delivered", timezone.now() - timedelta(days=31)))
    customer, url = Customer(), links.filing_url(order)
    page = text(customer.open(url, **chosen(line_of(order))))
    assert "the time to claim this ended on" in page
    assert "At once, until 30 days after the delivery scan." in page
    assert "Write to tests.myshopify.com: reply to the mail that confirmed your order." in page
    ReasonRule.objects.filter(reason="lost")  # the form of another reason, sent for this one
    form = dict(chosen(line_of(order), "customs"))
    late = customer.send(url, "file", form, reason="damaged", **ANSWERS)
    assert late.status_code == 409
    assert "the time to claim this ended on" in text(late)
    assert not Claim.objects.exists()


def test_an_order_that_is_not_covered_says_so_kindly():
    make_plan()
    order = make_order()
    page = Customer().open(links.filing_url(order))
    assert "The delivery guarantee was not chosen for this order." in text(page)
    assert b"<form" not in page.content
    forged = Customer()
    forged.open(links.entry_url())  # any page of ours, for its cookie
    token = forged.client.cookies["csrftoken"].value
    url = links.inside(links.filing_url(order))
    fields = {"verb": "file", "csrfmiddlewaretoken": token, **chosen(order.lines.get()), **ANSWERS}
    refused = forged.client.post(url, fields)
    assert refused.status_code == 409
    assert not Claim.objects.exists()


def test_where_the_law_covers_it_the_way_is_the_same():
    make_plan()
    StatutoryDuty.objects.create(country="US", since=date(2020, 1, 1), words="The seller carries the risk.")
    order = make_order()
    filed = Customer().send(links.filing_url(order), "file", chosen(order.lines.get()), **ANSWERS)
    assert filed.status_code == 303
    assert Claim.objects.get().state == "in_review"


def test_what_is_missing_is_named_and_what_was_typed_stays(order):
    answer = Customer().send(links.filing_url(order), "file", chosen(line_of(order)), description="Broken <b>lid</b>")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert '<a href="#answer-0">Please answer this question.</a>' in page
    assert "Broken &lt;b&gt;lid&lt;/b&gt;</textarea>" in page
    assert not Claim.objects.exists()


def test_a_photo_that_is_none_does_not_lose_the_claim(order):
    photos = [picture(), picture(data=b"no photo"), picture(2)]
    customer = Customer()
    said = customer.follow(customer.send(links.filing_url(order), "file", chosen(line_of(order)), **ANSWERS,
                                         photo=photos))  # fmt: skip
    assert "Photo 2 was not taken: This file is no photo that we can open." in said
    assert Claim.objects.get().evidence.count() == 2


def test_the_declaration_is_asked_for_where_the_value_needs_it():
    order = make_covered_order(line("Clock", 1, "400.00"))
    customer, url, step = Customer(), links.filing_url(order), chosen(line_of(order, "Clock"), "lost")
    assert "With my name I confirm" in text(customer.open(url, **step))
    assert customer.send(url, "file", step).status_code == 422
    customer.send(url, "file", step, declared="Zoë Lindqvist")
    assert "Declared to be true by Zoë Lindqvist" in Claim.objects.get().description


def test_items_of_another_order_cannot_be_claimed(order):
    other = make_covered_order(line("Clock"), shop=make_shop("other.myshopify.com"))
    answer = Customer().send(
        links.filing_url(order), "file", chosen(line_of(order)), **ANSWERS,
        **{f"q-{line_of(order).public_id}": 0, f"q-{line_of(other, 'Clock').public_id}": 1},
    )  # fmt: skip
    assert answer.status_code == 422
    assert not Claim.objects.exists()


@pytest.mark.parametrize("quantity", ["3", "-1", "1.5", "x", "99999999999", "²", "\x00"])
def test_a_quantity_that_was_not_bought_is_refused(order, quantity):
    answer = Customer().send(links.filing_url(order), "file", chosen(line_of(order)), **ANSWERS,
                             **{f"q-{line_of(order).public_id}": quantity})  # fmt: skip
    assert answer.status_code in (409, 422)
    assert not Claim.objects.exists()


def test_what_is_in_an_open_claim_already_is_shown_with_the_way_there(order):
    claim = make_claim(order, quantity=2)
    page = Customer().open(links.filing_url(order)).content.decode()
    assert links.inside(links.claim_url(claim)).rpartition(":")[0].rpartition(":")[0] in page
    assert "There is an open claim on these items already." in page
    assert "Nothing of this order is left to claim" in page
    filing.withdraw(claim, by="customer")
    assert "Nothing of this order is left" not in text(Customer().open(links.filing_url(order)))


def test_only_wishes_that_the_rule_allows_are_taken(order):
    url, step = links.filing_url(order), chosen(line_of(order))
    for wrong in ("goodwill", "exchange:999", "cash", "replacement:1"):
        assert Customer().send(url, "file", step, **ANSWERS, **{"wish-1": wrong}).status_code == 422
    twice = {"wish-1": "refund", "wish-2": "refund"}
    assert Customer().send(url, "file", step, **ANSWERS, **twice).status_code == 422
    assert not Claim.objects.exists()
