"""The page of what the guarantee earns and costs: who may see it, what it says, and that every figure can be opened."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backoffice.console.roles import ensure_roles
from orders.tests.builders import line, make_shop
from protection.models import CostStandard
from protection.tests.builders import make_covered_order
from protection.tests.money import claimed, remedy, sent

pytestmark = pytest.mark.django_db
PAGE = "/admin/protection/coststandard/money/"
PERIOD = f"{PAGE}?from=2026-10&to=2026-11"


def client(role: str) -> Client:
    user = User.objects.create_user(f"one-{role}", password="a-long-password-for-tests", is_staff=True)
    user.groups.set([ensure_roles()[role]])
    browser = Client()
    browser.force_login(user)
    return browser


def body(answer) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def fill(orders: int = 1) -> None:
    for _ in range(orders):
        order = make_covered_order()
        sent(order)
        claim = claimed(order)
        remedy(claim, amount="40.00")


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}fees.csv", "/admin/protection/coststandard/"])
def test_agents_do_not_see_it_leads_and_finance_do(path):
    assert client("agent").get(path).status_code == 403
    assert client("lead").get(path).status_code == 200
    assert client("finance").get(path).status_code == 200
    assert Client().get(path).status_code == 302


def test_only_those_who_may_find_it_in_the_menu():
    assert "Earnings and costs" in client("finance").get("/admin/").content.decode()
    assert "Earnings and costs" not in client("agent").get("/admin/").content.decode()


def test_finance_decides_nothing():
    claim, browser = claimed(state="in_review"), client("finance")
    answer = browser.post(f"/admin/protection/claim/{claim.pk}/change/", {"verb": "approve"})
    assert answer.status_code == 403
    claim.refresh_from_db()
    assert claim.state == "in_review"


def test_an_empty_house_has_a_page_too():
    answer = client("finance").get(PAGE)
    assert answer.status_code == 200
    assert "Nothing happened in this time" in answer.content.decode()


def test_every_figure_opens_the_rows_it_is_made_of():
    fill(3)
    browser = client("finance")
    links = set(re.findall(r'href="(/admin/[^"]*\.csv[^"]*)"', browser.get(PERIOD).content.decode()))
    assert len(links) > 20
    for link in links:
        answer = browser.get(unescape(link))
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8"), link
        assert body(answer).count("\n") >= 1


def test_it_asks_the_same_however_much_there_is():
    fill(1)
    browser = client("lead")
    asked = []
    for orders in (1, 6):
        fill(orders)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(PERIOD).status_code == 200
        asked.append(len([query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]))
    assert asked[0] == asked[1]
    assert asked[0] <= 12


@pytest.mark.parametrize(
    "query, words",
    [
        ("from=2026-13", "neither a day"),
        ("from=yesterday", "neither a day"),
        ("from=2026-05&to=2026-04", "before it begins"),
        ("from=0001-01-01", "between the years"),
        ("from=2000-01&to=2026-01", "at most 120 months"),
        ("from=2026-1%00", "neither a day"),
        ("shop=nobody.myshopify.com", "no such store"),
        ("shop=%00", "no such store"),
        ("to=9999-99-99999999999", "neither a day"),
    ],
)
def test_a_period_that_makes_no_sense_is_said_and_nothing_breaks(query, words):
    browser = client("finance")
    answer = browser.get(f"{PAGE}?{query}")
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert browser.get(f"{PAGE}costs.csv?{query}").status_code == 400


@pytest.mark.parametrize("path", ["nothing.csv", "costs.csv?currency=%00&reason=%00", "sent.csv?by=lane&key=%27%3B--"])
def test_a_download_takes_any_question(path):
    assert client("finance").get(f"{PAGE}{path}").status_code in (200, 400)


def test_nothing_is_changed_by_it():
    assert client("lead").post(PAGE, {"verb": "x"}).status_code == 405


def test_one_store_can_be_seen_alone_and_stores_stand_side_by_side():
    fill()
    other = make_shop("other.myshopify.com")
    make_covered_order(shop=other)
    browser = client("finance")
    both = browser.get(PERIOD).content.decode()
    assert "Store by store, in USD" in both
    assert "2 of 2 orders" in both
    alone = browser.get(f"{PERIOD}&shop=other.myshopify.com").content.decode()
    assert "Store by store" not in alone
    assert "1 of 1 orders" in alone


def test_a_rate_above_the_limit_is_an_alarm_in_words_and_few_orders_say_nothing():
    for number in range(20):
        order = make_covered_order()
        sent(order, "Slow Post")
        sent(order, "Rare Post") if number == 0 else None
        claimed(order) if number == 0 else None
    page = client("finance").get(PERIOD).content.decode()
    rows = re.findall(r"<tr><td>(?:Slow|Rare) Post.*?</tr>", page)
    assert len(rows) == 2
    slow, rare = sorted(rows, reverse=True)
    assert "alarm: above 2.0 %" in slow
    assert "5.0 %" in slow
    assert "too few orders to say" in rare


def test_a_spreadsheet_meets_no_formula():
    order = make_covered_order(line("Teapot", sku="=HYPERLINK(1)"))
    sent(order, "@carrier")
    claimed(order)
    text = body(client("finance").get(f"{PAGE}sent.csv?from=2026-11"))
    assert "'=HYPERLINK(1)" in text
    assert "'@carrier" in text
    assert not re.search(r"(^|,)[=@+]", text, re.MULTILINE)


def test_real_costs_are_entered_on_the_remedys_own_page():
    made = remedy(claimed(), amount="40.00")
    url, browser = f"/admin/protection/coststandard/remedy/{made.public_id}/", client("finance")
    assert "a share of the price" in browser.get(url).content.decode()
    refused = browser.post(url, {"verb": "enter", "goods": "12", "label": "free"})
    assert refused.status_code == 409
    assert 'value="free"' in refused.content.decode()
    assert browser.post(url, {"verb": "enter", "goods": "12.5", "label": "3"}).status_code == 302
    page = browser.get(url).content.decode()
    assert "15.50 USD" in page
    assert "entered by hand" in page
    assert browser.get("/admin/protection/coststandard/remedy/res_nobody/").status_code == 404
    agent = client("agent")
    assert agent.get(url).status_code == agent.post(url, {"verb": "enter"}).status_code == 403


def test_usual_costs_are_entered_in_the_console():
    shop = make_shop()
    browser = client("finance")
    form = {"shop": shop.pk, "currency": "USD", "effective_from_0": "2026-11-01", "effective_from_1": "00:00",
            "goods_share": "40", "label_domestic": "6.5"}  # fmt: skip
    wrong = browser.post("/admin/protection/coststandard/add/", {**form, "goods_share": "140", "currency": "usd"})
    assert wrong.status_code == 200
    assert not CostStandard.objects.exists()
    assert browser.post("/admin/protection/coststandard/add/", form).status_code == 302
    assert CostStandard.objects.get().label_domestic == Decimal("6.5")
    assert client("agent").post("/admin/protection/coststandard/add/", form).status_code == 403
