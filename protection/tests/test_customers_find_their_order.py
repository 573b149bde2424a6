"""Order number and e-mail: the same answer whoever asks, and a mail only where both belong to one order."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.models import Bucket
from orders.models import JournalEntry
from orders.tests.builders import make_order, make_shop
from protection.customer import finding, links
from protection.customer.links import Purpose
from protection.models import LinkRequest, Message
from protection.tests.customer import Customer, text
from protection.tests.faults import fault_with

pytestmark = pytest.mark.django_db


def ask(number: str = "#1001", email: str = "zoe@example.com", url: str = "", **headers: str):
    customer = Customer()
    customer.client.defaults |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return customer.send(url or links.entry_url(), "ask", order=number, email=email)


def words(query: dict[str, str]) -> list[str]:
    """The beginning of a query, without the names that savepoints are given."""
    return [word for word in query["sql"].split()[:4] if not word.startswith('"s')]


def asked() -> list[str]:
    finding.run()
    entries = JournalEntry.objects.filter(action="link.asked").order_by("id")
    return list(entries.values_list("order__public_id", flat=True))


def test_a_match_is_journaled_for_its_customer_to_be_written_to():
    order = make_order()
    ask()
    assert asked() == [order.public_id]
    assert JournalEntry.objects.get(action="link.asked").by == f"customer:{order.public_id}"
    assert not LinkRequest.objects.exists()
    assert asked() == [order.public_id]


def test_a_fault_with_one_request_does_not_hold_up_the_others():
    broken, sound = make_order(), make_order(name="#1002")
    ask()
    ask("#1002")
    with fault_with(broken.public_id):
        assert asked() == [sound.public_id]
    assert asked() == [sound.public_id, broken.public_id]


@pytest.mark.parametrize("number, email", [
    ("1001", "ZOE@example.com"), (" # 1001 ", " zoe@example.com "), ("#1001", "zoe@example.com"),
])  # fmt: skip
def test_small_slips_do_not_matter(number, email):
    make_order()
    ask(number, email)
    assert len(asked()) == 1


@pytest.mark.parametrize("number, email", [
    ("1002", "zoe@example.com"), ("1001", "max@example.com"), ("100", "zoe@example.com"), ("%", "zoe@example.com"),
    ("1001", "%@example.com"), ("1001' OR '1'='1", "zoe@example.com"),
])  # fmt: skip
def test_what_does_not_match_is_forgotten_and_the_answer_is_the_same(number, email):
    make_order()
    with CaptureQueriesContext(connection) as right:
        good = ask()
    Bucket.objects.all().delete()
    with CaptureQueriesContext(connection) as wrong:
        bad = ask(number, email)
    assert (bad.status_code, bad["Location"]) == (good.status_code, good["Location"])
    assert bad.headers.keys() == good.headers.keys()
    assert [words(query) for query in wrong.captured_queries] == [words(query) for query in right.captured_queries]
    assert len(asked()) == 1
    assert not LinkRequest.objects.exists()


def test_a_shops_own_link_asks_in_that_shop_only():
    here, there = make_order(), make_order(shop=make_shop("other.myshopify.com"))
    ask(url=links.entry_url(there.shop, "#1001"))
    assert asked() == [there.public_id]
    ask(email=here.email)
    assert set(asked()) == {here.public_id, there.public_id}


def test_an_order_without_address_or_erased_is_never_found():
    order = make_order(email="", customer=None)
    ask(email="a@b")
    erased = make_order(name="#1002")
    erased.redacted_at = timezone.now()
    erased.save()
    ask("1002")
    assert order.email == ""
    assert asked() == []


@pytest.mark.parametrize("number, email", [("", "zoe@example.com"), ("1001", "zoe"), ("1001", "a b@c"), ("#1001", "")])
def test_what_cannot_be_looked_up_is_named(number, email):
    assert ask(number, email).status_code == 422
    assert not LinkRequest.objects.exists()


def test_one_address_is_written_to_three_times_an_hour_and_nobody_is_told():
    make_order()
    answers = [ask() for _ in range(6)]
    assert {answer.status_code for answer in answers} == {303}
    assert len(asked()) == 3


def test_guesses_keep_nobody_from_their_link():
    """Numbers follow one another, so a stranger knows them; some know an address as well, but not of which order."""
    order = make_order()
    for number in range(4):
        assert ask(email=f"guess{number}@example.com").status_code == 303
        assert ask(f"99{number}", order.email).status_code == 303
    assert asked() == []
    ask()
    assert asked() == [order.public_id]


def test_letters_that_grow_when_they_are_made_small_break_nothing():
    assert ask("İ" * 255, "İ" * 64 + "@" + "İ" * 255).status_code == 303
    assert asked() == []


def test_one_visitor_asks_ten_times_and_then_waits(settings):
    settings.PROXIES = 1
    visitors = {"x_forwarded_for": "203.0.113.9, 198.51.100.7"}
    for number in range(10):
        assert ask(str(number), f"a{number}@b.example", **visitors).status_code == 303
    limited = ask("99", "z@b.example", **visitors)
    assert limited.status_code == 429
    assert "Please wait some minutes" in text(limited)
    # What a visitor writes into the header itself does not make another one of them.
    forged = {"x_forwarded_for": "192.0.2.1, 198.51.100.7"}
    assert ask("98", "y@b.example", **forged).status_code == 429
    assert ask("98", "y@b.example", x_forwarded_for="198.51.100.8").status_code == 303


def test_the_addresses_of_one_household_are_one_visitor(settings):
    settings.PROXIES = 1
    for number in range(10):
        assert ask(str(number), x_forwarded_for=f"2001:db8:0:1::{number}").status_code == 303
    assert ask("98", x_forwarded_for="2001:db8:0:1:ffff::1").status_code == 429
    assert ask("98", x_forwarded_for="2001:db8:0:2::1").status_code == 303


def test_old_requests_are_not_answered_any_more():
    make_order()
    ask()
    LinkRequest.objects.update(created_at=F("created_at") - timedelta(days=2))
    assert asked() == []
    assert not LinkRequest.objects.exists()


def test_the_number_may_come_with_the_link_and_changes_nothing():
    page = Customer().open(links.entry_url(make_shop(), "#1001"))
    assert 'value="#1001"' in page.content.decode()
    assert not LinkRequest.objects.exists()
    assert not Bucket.objects.exists()


def test_the_link_goes_by_mail_to_the_address_the_order_was_placed_with(settings):
    settings.CUSTOMER_MAILS = True
    order = make_order()
    ask(email="ZOE@example.com")
    asked()
    message = Message.objects.get(event="link")
    assert message.to == "zoe@example.com"
    [url] = re.findall(rf"{settings.PUBLIC_URL}/c/file/\S+", message.text)
    assert links.opened(url.rpartition("/")[2], Purpose.FILE).order == order
