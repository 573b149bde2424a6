"""Texts of messages: variables from a list and nothing else, whatever is in the values or the text."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from orders.models import LineItem, Order
from orders.tests.builders import line
from protection.messages import markup, rendering, templates
from protection.messages.events import EVENTS
from protection.messages.rendering import TemplateRefused
from protection.messages.shops import languages_for, mail_of
from protection.models import CustomerMail, Message, MessageTemplate
from protection.tests.builders import make_claim, make_covered_order

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
RTL = "שלום\u202egnp.exe"
LONG = "x" * 100_000


def keep(**parts: str) -> MessageTemplate:
    values: dict[str, Any] = {
        "subject": "Hello {{ order_name }}",
        "text": "{{ items }}",
        "html": "<p>{{ items }}</p>",
        **parts,
    }
    return templates.next_version("received", "en", by="staff:ben", **values)


@pytest.mark.parametrize(
    "field, text, words",
    [
        ("subject", "{{ password }}", "“password”"),
        ("text", "{{ order_name }} {{ claim.order }}", "“{{” stands alone"),
        ("text", "{{ order_name|safe }}", "stands alone"),
        ("text", "{% load static %}", "“{%” stands alone"),
        ("text", "{{ decision }}", "“decision”"),
        ("html", "<p>{{ settings }}</p>", "“settings”"),
        ("html", "<script>1</script>", "<script> may not be used"),
        ("html", "<p onclick='x()'>a</p>", "<p onclick> may not be used"),
        ("html", "<a href='javascript:x()'>a</a>", "begins with https://"),
        ("html", "<a href='{{ items }}'>a</a>", "“items” is no link"),
        ("html", "<a href='https://x.example/?q={{ claim_link }}'>a</a>", "one link variable"),
        ("html", "<img src='https://x.example/seen.gif'>", "<img> may not be used"),
        ("html", "<p>{{ items }}", "<p> is not closed"),
        ("html", "<p></div></p>", "closes nothing"),
        ("html", "<!-- a --><p>a</p>", "Comments"),
        ("html", "<!DOCTYPE html><p>a</p>", "no document type"),
        ("subject", "one\nBcc: all@x.example", "one line"),
        ("subject", "", "needs a subject"),
        ("text", "  \n", "needs a subject and a text"),
        ("text", "a\x00b", "no text can hold"),
    ],
)
@pytest.mark.django_db
def test_what_may_not_be_sent_is_refused_with_the_field_and_the_reason(field: str, text: str, words: str) -> None:
    before = MessageTemplate.objects.count()
    with pytest.raises(TemplateRefused, match=words.replace("|", r"\|").replace("?", r"\?")) as refusal:
        keep(**{field: text})
    assert refusal.value.field == field
    assert MessageTemplate.objects.count() == before


@pytest.mark.django_db
def test_an_unknown_variable_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(TemplateRefused) as refusal:
        keep(text="{{ nobody_knows }}")
    assert all(name in str(refusal.value) for name in EVENTS["received"].variables)


def test_what_is_in_a_value_is_never_read_as_a_text() -> None:
    values = {"order_name": "{{ shop_name }} {% now %}", "shop_name": "secret"}
    assert rendering.text_of("{{ order_name }}", values) == "{{ shop_name }} {% now %}\n"
    assert "secret" not in rendering.html_of("<p>{{ order_name }}</p>", values)


def test_a_subject_is_one_line_whatever_is_in_its_values() -> None:
    name = f"Anna\r\nBcc: all@x.example\n\n{LONG}\x00"
    subject = rendering.subject_of("Hello {{ first_name }}", {"first_name": name})
    assert subject.startswith("Hello Anna Bcc: all@x.example xxx")
    assert len(subject) <= 200
    assert subject.isprintable()


def test_what_is_kept_is_written_anew_so_that_no_reader_can_misread_it() -> None:
    assert markup.checked("<P>a < b &amp; c<br/><b>d</b></p> <b") == "<p>a &lt; b &amp; c<br><b>d</b></p> &lt;b"
    assert markup.checked("<a href=mailto:x@y.example>&lt;script&gt;</a>") == (
        '<a href="mailto:x@y.example">&lt;script&gt;</a>'
    )


def test_values_are_escaped_in_html_and_cannot_turn_their_surroundings() -> None:
    html = rendering.html_of('<p>{{ first_name }}</p>\n<p><a href="{{ claim_link }}">x</a></p>',
                             {"first_name": MARKUP + RTL, "claim_link": '"><script>'})  # fmt: skip
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "<bdi>" in html
    assert "שלום" in html
    assert 'href="&quot;&gt;&lt;script&gt;"' in html


def test_a_long_value_is_cut() -> None:
    assert len(rendering.text_of("{{ items }}", {"items": LONG})) == rendering.MOST_VALUE + 1


def test_a_line_whose_variables_are_all_empty_is_left_out() -> None:
    text = "Carrier: {{ carrier }}\nNumber {{ tracking_number }}{{ carrier }}\n\n\n\nplain"
    assert rendering.text_of(text, {"carrier": "", "tracking_number": "1"}) == "Number 1\n\nplain\n"
    assert rendering.text_of(text, {}) == "plain\n"


def test_a_text_becomes_html_with_paragraphs_lists_and_links() -> None:
    html = markup.from_text(
        "Hello <you>\n\n- one\n- two\n\nSee it: {{ claim_link }}\nOr {{ claim_link }}, or {{ items }}"
    )
    assert html.splitlines()[:4] == ["<p>Hello &lt;you&gt;</p>", "<ul>", "<li>one</li>", "<li>two</li>"]
    assert '<p><a href="{{ claim_link }}">See it</a></p>' in html
    assert '<p>Or <a href="{{ claim_link }}">{{ claim_link }}</a>, or {{ items }}</p>' in html
    assert markup.checked(html) == html
    assert 'dir="rtl" ' not in markup.whole(html, "de")
    assert '<html lang="ar" dir="rtl">' in markup.whole(html, "ar")


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", [MARKUP, RTL, LONG, "a\r\nBcc: all@x.example", "{{ claim_link }}", "a\x07b"])
def test_a_hostile_customer_gets_a_mail_like_any_other(hostile: str, settings: Any) -> None:
    settings.CUSTOMER_MAILS = True
    order = make_covered_order(line("Teapot"))
    Order.objects.filter(pk=order.pk).update(name=hostile[:255])
    LineItem.objects.filter(order=order, title="Teapot").update(title=hostile[:1024])
    make_claim(Order.objects.get(pk=order.pk), title=hostile[:1024])
    message = Message.objects.get()
    assert message.state == "queued"
    assert len(message.subject) <= 200
    assert message.subject.isprintable()
    assert "<script>" not in message.html
    assert "<img" not in message.html
    assert "\u202e" not in message.text + message.html + message.subject
    assert len(message.text) < 30_000


@pytest.mark.django_db
def test_a_new_version_is_in_force_at_once_and_the_old_one_stays() -> None:
    first = MessageTemplate.objects.get(event="received", language="en")
    second = keep(text="Dear {{ first_name }}")
    claim = make_claim()
    assert (first.number, second.number) == (1, 2)
    assert templates.in_force(claim.order.shop, "received", ["en"]) == second
    own = templates.next_version("received", "en", subject="Ours", text="Ours", html="", by="x", shop=claim.order.shop)
    assert templates.in_force(claim.order.shop, "received", ["en"]) == own
    assert (own.number, own.html) == (1, "<p>Ours</p>\n")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        MessageTemplate.objects.filter(pk=first.pk).update(text="Other words")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bought_in, consent, of_shop, chosen",
    [("de-AT", "fr", "en", "de"), ("", "de-AT", "fr", "de"), ("", "pt-BR", "fr", "fr"), ("pt-BR", "", "it", "en"),
     ("", "", "es", "es"), ("FR", "", "en", "fr")],
)  # fmt: skip
def test_the_language_is_the_customers_else_the_shops_else_english(
    bought_in: str, consent: str, of_shop: str, chosen: str, settings: Any
) -> None:
    settings.CUSTOMER_MAILS = True
    receipt = f'{{"how": "ticked", "locale": "{consent}"}}'
    said = [{"name": "protection_consent", "value": receipt}]
    order = make_covered_order(attributes=said, customer_locale=bought_in)
    CustomerMail.objects.create(shop=order.shop, language=of_shop)
    make_claim(order)
    assert Message.objects.get().language == chosen
    assert languages_for(order, mail_of(order.shop))[-1] == "en"
