"""Every entry becomes a sentence, whatever its facts hold."""

import pytest
from django.test import Client
from django.urls import reverse

from orders.admin.story import sentence, tone, who
from orders.models import JournalEntry
from orders.tests.builders import make_order
from orders.tests.console import reader_client


@pytest.mark.parametrize(
    "action, facts, told",
    [
        ("order.created", {"name": "#1", "test": False}, "Order #1 came in"),
        ("order.updated", {"changed": ["lines", "financial_status"]}, "Order changed: items, payment status"),
        ("tracking.scanned", {"status": "out_for_delivery"}, "Carrier scan: out for delivery"),
        ("refund.created", {"units": {"1": 2}}, "Refund of 2 units"),
        ("refund.created", {"units": {}}, "Refund without items"),
        ("some.new_thing", {}, "Some new thing"),  # nobody tells it: its name
        ("order.created", {}, "Order created"),  # facts we do not understand must not hide it
    ],
)
def test_an_entry_in_words(action, facts, told):
    assert sentence(JournalEntry(action=action, facts=facts)) == told


def test_who_did_it_in_words():
    assert [who(by) for by in ("staff:ana", "partner:demo", "shopify", "system", "odd")] == [
        "ana", "demo (partner)", "Shopify", "the system", "odd",
    ]  # fmt: skip


def test_what_needs_attention_is_coloured():
    assert tone("entitlement.exceeded") == tone("resolution.failed") == "bad"


@pytest.mark.django_db
def test_the_journal_can_be_read_and_searched_by_id():
    order = make_order()
    client = reader_client("orders.view_journalentry")
    url = reverse("admin:orders_journalentry_changelist")
    assert "Order #1001 came in" in client.get(url).content.decode()
    assert "Order #1001 came in" in client.get(url, {"q": order.public_id}).content.decode()
    assert "Order #1001 came in" not in client.get(url, {"q": "evt_nothing"}).content.decode()
    entry = JournalEntry.objects.get()
    page = client.get(reverse("admin:orders_journalentry_change", args=[entry.pk])).content.decode()
    assert entry.public_id in page
    assert "Save" not in page


@pytest.mark.django_db
def test_the_journal_is_not_for_strangers():
    assert Client().get(reverse("admin:orders_journalentry_changelist")).status_code == 302
