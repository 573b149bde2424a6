"""Texts, macros and senders in the console: leads edit them, agents read them, and a preview changes nothing."""

from typing import Any

import pytest
from django.test import Client

from backoffice.console.roles import ensure_roles
from protection.messages.events import EVENTS
from protection.models import CustomerMail, Macro, Message, MessageTemplate
from protection.tests.builders import make_agent, make_claim
from protection.tests.console import agent_client

pytestmark = pytest.mark.django_db
TEXTS, MACROS, MAIL = (f"/admin/protection/{name}/" for name in ("messagetemplate", "macro", "customermail"))


@pytest.fixture
def lead() -> Client:
    user = make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client()
    client.force_login(user)
    return client


def page_of(event: str = "received", language: str = "en") -> str:
    return f"{TEXTS}{MessageTemplate.objects.get(event=event, language=language, number=1).pk}/change/"


def typed(verb: str = "save", **fields: str) -> dict[str, str]:
    return {"verb": verb, "subject": "Hello {{ order_name }}", "text": "We have it.", "html": "", "language": "en",
            "shop": "", **fields}  # fmt: skip


def test_a_lead_makes_the_next_version_which_is_in_force_at_once(lead: Client, settings: Any) -> None:
    settings.CUSTOMER_MAILS = True
    answer = lead.post(page_of(), typed())
    assert answer.status_code == 302
    newest = MessageTemplate.objects.get(event="received", language="en", number=2)
    assert (newest.by, newest.html) == ("staff:lea", "<p>We have it.</p>\n")
    claim = make_claim()
    message = Message.objects.get()
    assert (message.subject, message.template) == (f"Hello {claim.order.name}", newest)
    assert lead.get(answer["Location"], follow=True).status_code in (200, 404)
    shown = lead.get(TEXTS).content.decode()
    assert shown.count(">Claim received<") == 1


def test_a_text_for_one_store_or_another_language_is_a_text_of_its_own(lead: Client) -> None:
    shop = make_claim().order.shop
    lead.post(page_of(), typed(language="it", subject="Abbiamo {{ order_name }}"))
    lead.post(page_of(), typed(shop=str(shop.pk)))
    rows = MessageTemplate.objects.filter(event="received", by="staff:lea").order_by("id")
    assert [(row.language, row.shop, row.number) for row in rows] == [("it", None, 1), ("en", shop, 1)]


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"text": "{{ password }}"}, "What may be used: greeting, first_name"),
        ({"html": "<script>1</script>"}, "may not be used"),
        ({"subject": "a\nb"}, "one line"),
        ({"subject": "a" * 201}, "200 characters at the most"),
        ({"language": "../x"}, "Name the language by its code"),
        ({"language": "en-latin-oxford-long"}, "Name the language by its code"),
        ({"shop": "999999"}, "no such store"),
        ({"shop": "x"}, "no such store"),
    ],
)
def test_what_may_not_be_sent_is_refused_and_what_was_typed_stays(
    lead: Client, fields: dict[str, str], words: str
) -> None:
    before = MessageTemplate.objects.count()
    answer = lead.post(page_of(), typed(**fields))
    assert answer.status_code == 409
    assert words in answer.content.decode()
    assert "We have it." in answer.content.decode() or "password" in answer.content.decode()
    assert MessageTemplate.objects.count() == before


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_every_text_is_previewed_with_a_real_claim(lead: Client, language: str) -> None:
    claim = make_claim()
    for event in EVENTS:
        page = lead.get(page_of(event, language), {"claim": claim.public_id}).content.decode()
        assert "srcdoc=" in page, event
        assert claim.order.name in page
        assert "failure" not in page
    assert not Message.objects.exists()


def test_what_is_typed_is_previewed_and_not_kept(lead: Client) -> None:
    make_claim()
    before = MessageTemplate.objects.count()
    page = lead.post(page_of(), typed("preview", text="Dear <you>, about {{ items }}")).content.decode()
    assert "Dear &lt;you&gt;, about - 1 × Teapot" in page
    assert "sandbox srcdoc" in page
    assert "There is no “nothing” here" in lead.post(page_of(), typed("preview", text="{{ nothing }}")).content.decode()
    assert MessageTemplate.objects.count() == before


def test_an_unknown_claim_is_said(lead: Client) -> None:
    make_claim()
    assert "No claim of this id or order" in lead.get(page_of(), {"claim": "clm_nobody"}).content.decode()


def test_agents_read_texts_and_macros_and_change_none() -> None:
    ana = agent_client()
    macro = Macro.objects.create(use="ask", name="Photo", text="A photo")
    for path in (TEXTS, page_of(), MACROS, MAIL):
        assert ana.get(path).status_code == 200
    assert "Save as next version" not in ana.get(page_of()).content.decode()
    assert ana.post(page_of(), typed()).status_code == 403
    assert ana.post(f"{MACROS}add/", {"name": "x"}).status_code == 403
    assert ana.post(f"{MACROS}{macro.pk}/change/", {"name": "x"}).status_code == 403
    assert ana.post(f"{MACROS}{macro.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ana.post(f"{MAIL}add/", {"on": "on"}).status_code == 403


def test_a_macro_may_hold_the_claims_words_and_no_others(lead: Client) -> None:
    given = {"name": "Photo", "use": "ask", "language": "EN", "shop": "", "text": "A photo of {{ items }}"}
    assert lead.post(f"{MACROS}add/", given).status_code == 302
    assert Macro.objects.get().language == "en"
    refused = lead.post(f"{MACROS}add/", {**given, "name": "Other", "text": "{{ appeal_link }}"})
    assert "There is no “appeal_link” here" in refused.content.decode()


def test_production_needs_a_sender_before_mails_are_switched_on(lead: Client, settings: Any) -> None:
    settings.LOCAL = False
    shop = make_claim().order.shop
    given = {"shop": shop.pk, "on": "on", "sender_name": "Care", "sender_address": "", "reply_to": "", "language": "en"}
    assert "Say who the mails come from" in lead.post(f"{MAIL}add/", given).content.decode()
    assert not CustomerMail.objects.exists()
    assert "nobody&#x27;s customers are written to" in lead.get(MAIL).content.decode()
    hostile = {**given, "sender_name": "Care\r\nBcc: x@y.example", "sender_address": "care@shop.example"}
    lead.post(f"{MAIL}add/", hostile)
    assert not CustomerMail.objects.filter(sender_name__contains="\n").exists()
    CustomerMail.objects.all().delete()
    assert lead.post(f"{MAIL}add/", {**given, "sender_address": "care@shop.example"}).status_code == 302
    assert CustomerMail.objects.get().on
