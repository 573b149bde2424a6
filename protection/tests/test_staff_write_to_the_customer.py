"""The conversation on the claim page, messages and macros of staff, and the same to read by API."""

from typing import Any

import pytest

from backoffice.tests.builders import api, assert_problem
from protection import asking
from protection.eligibility import ClaimRefused
from protection.messages import sending, writing
from protection.models import CustomerMail, Macro, Message
from protection.tests.builders import make_agent, make_claim, make_covered_order
from protection.tests.console import agent_client, claim_url, press

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mails_are_on(settings: Any) -> None:
    settings.CUSTOMER_MAILS = True


def test_what_an_agent_writes_goes_to_the_customer_once() -> None:
    claim, ana = make_claim(), make_agent()
    message = writing.write(claim, "We look into it.\n\n<b>Ana</b> {{ claim_link }}", user=ana)
    assert "We look into it.\n\n<b>Ana</b> {{ claim_link }}" in message.text
    assert "&lt;b&gt;Ana&lt;/b&gt; {{ claim_link }}" in message.html
    assert (message.event, message.by, message.state) == ("written", "staff:ana", "queued")


@pytest.mark.parametrize("text, code", [("  ", "text_missing"), ("x" * 5001, "text_too_long")])
def test_what_cannot_be_written_is_refused(text: str, code: str) -> None:
    with pytest.raises(ClaimRefused) as refusal:
        writing.write(make_claim(), text, user=make_agent())
    assert refusal.value.code == code


def test_nobody_writes_where_mails_are_off_or_there_is_no_address() -> None:
    ana, claim = make_agent(), make_claim(make_covered_order(email="", customer=None))
    with pytest.raises(ClaimRefused, match="no e-mail address"):
        writing.write(claim, "Hello", user=ana)
    CustomerMail.objects.create(shop=claim.order.shop, on=False)
    with pytest.raises(ClaimRefused, match="switched it off"):
        writing.write(claim, "Hello", user=ana)
    assert Message.objects.filter(event="written").count() == 0


def test_the_page_shows_both_sides_with_the_state_of_each_mail() -> None:
    claim, client = make_claim(), agent_client()
    assert press(client, claim, "write", message="We look into it").status_code == 302
    again = client.post(claim_url(claim), {"verb": "write", "version": 1, "message": "We look into it"})
    assert again.status_code == 409
    asking.answer(claim, "It never came <b>", by="customer")
    received, written = Message.objects.order_by("id")
    for message in (received, written):
        assert sending.start(message.public_id)
    sending.mark_sent(received)
    sending.mark_failed(written, "The mail server refused the address: 550 no such user")
    page = client.get(claim_url(claim)).content.decode()
    for words in ("It never came &lt;b&gt;", "Claim received", ">Sent<", ">Refused<", "550 no such user", "(link)"):
        assert words in page
    assert "/c/claim/" not in page
    assert "Write to the customer" in page


def test_the_page_says_that_mails_are_off(settings: Any) -> None:
    settings.CUSTOMER_MAILS = False
    page = agent_client().get(claim_url(make_claim())).content.decode()
    assert "nobody has set yet who it comes from" in page
    assert "Write to the customer" not in page


def test_macros_are_offered_with_the_claims_own_values_in_the_best_language() -> None:
    claim = make_claim(make_covered_order(customer_locale="de"))
    for use in Macro.Use.values:
        Macro.objects.create(use=use, language="en", name="Photo", text="A photo, {{ greeting }} of {{ items }}")
    Macro.objects.create(use="ask", language="de", name="Photo", text="Ein Foto zu {{ order_name }}: {{ reason }}")
    Macro.objects.create(use="ask", language="en", name="Box", text="<script>{{ claim_id }}")
    page = agent_client().get(claim_url(claim)).content.decode()
    assert f"Ein Foto zu {claim.order.name}: unterwegs verloren" in page
    assert page.count("of - 1 × Teapot") == 2  # to note and to write
    assert f"&lt;script&gt;{claim.public_id}" in page


def test_partners_read_what_was_said_both_ways_and_never_a_customers_link() -> None:
    claim = make_claim()
    asking.ask(claim, ["A photo"], by="staff:ana")
    asking.answer(claim, "Here it is", by="customer")
    body = api("claims:read").get(f"/v1/claims/{claim.public_id}/messages").json()
    said = body["data"]
    assert [(one["direction"], one["event"]) for one in said] == [
        ("out", "received"), ("out", "needs_info"), ("in", None), ("out", "in_review")
    ]  # fmt: skip
    assert (said[0]["status"], said[0]["to"], said[2]["text"]) == ("queued", claim.order.email, "Here it is")
    assert "/c/" not in str(body)
    assert body["has_more"] is False


def test_who_may_not_read_them() -> None:
    path = f"/v1/claims/{make_claim().public_id}/messages"
    assert_problem(api("orders:read").get(path), 403, "missing_scope")
    assert api("claims:read", shop="other.myshopify.com", partner="b").get(path).status_code == 404
