"""In a real browser, as on a phone: link, form, photo, status, answer, decision, receipt, another look, feedback."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order
from orders.tests.builders import line
from protection import asking, resolutions, review
from protection.customer import links
from protection.models import Claim, Feedback
from protection.review import ItemDecision
from protection.tests.browser import Browser, browser, needs_chromium
from protection.tests.builders import make_agent, make_covered_order
from protection.tests.parcels import send
from protection.tests.photos import photo

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True), needs_chromium]
WIDTH = 390


@pytest.fixture
def order(live_server: Any, settings: Any) -> Order:
    settings.PUBLIC_URL = live_server.url
    order = make_covered_order(line("Teapot", 2))
    send(order, ("delivered", timezone.now() - timedelta(days=2)))
    return order


def check_page(window: Browser) -> None:
    """Nothing is wider than the phone, every field has a name, the page has one heading and a language."""
    assert window.run("return document.documentElement.scrollWidth") <= WIDTH, window.url
    unnamed = "return [...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter("
    assert window.run(unnamed + "field => !field.labels.length).map(field => field.name)") == []
    assert window.run("return document.querySelectorAll('h1').length") == 1
    assert window.run("return document.documentElement.lang") == "en"
    small = "return [...document.querySelectorAll('.button')].filter(b => b.offsetHeight && b.offsetHeight < 44).length"
    assert window.run(small) == 0


def test_from_the_link_to_feedback_without_a_script(order: Order, tmp_path: Path) -> None:
    first, second = tmp_path / "one.jpg", tmp_path / "two.jpg"
    first.write_bytes(photo(1))
    second.write_bytes(photo(2))
    ana, ben = make_agent("ana"), make_agent("ben")
    teapot = order.lines.get(title="Teapot").public_id
    with browser() as window:
        window.resize(WIDTH, 844)

        window.open(links.filing_url(order))
        check_page(window)
        window.run(f"document.getElementById('q-{teapot}').value = ''")
        window.type(f"#q-{teapot}", "1")
        window.click("input[value=damaged]")
        window.press("Go on")

        window.sees("1 × Teapot: It arrived damaged")
        check_page(window)
        window.type("#answer-0", "Yes, one side was torn open")
        window.type("#photo", str(first))
        window.press("Send the claim")
        window.sees("We have your claim.")
        check_page(window)
        claim = Claim.objects.get()
        assert claim.evidence.count() == 1

        asking.ask(claim, ["A photo of the packaging"], by="staff:ana")
        window.open(links.claim_url(claim))
        window.sees("We need something from you")
        check_page(window)
        window.type("#text", "Here it is")
        window.type("#packaging_photo", str(second))
        window.press("Send")
        window.sees("Thank you. We have your answer.")
        assert window.pictures() == 2

        item = claim.items.get()
        review.decide(Claim.objects.get(), [ItemDecision(item, "deny", 1, "not_from_transit", "Whole")], user=ana)
        window.open(links.receipt_url(claim))
        window.sees("The damage did not happen on the way")
        check_page(window)
        window.press("Ask for another look")
        window.sees("What did we get wrong?")
        check_page(window)
        window.type("#why", "Look at the torn side")
        window.press("Ask for another look")
        window.sees("Another person than before looks at it.")
        claim.refresh_from_db()
        assert (claim.state, claim.appeal_why) == ("in_review", "Look at the torn side")

        review.decide(claim, [ItemDecision(item, "approve", 1, remedy="refund")], user=ben)
        resolutions.start(claim.resolutions.get())
        resolutions.mark_executed(claim.resolutions.get(), by="shopify", remote_reference="77")
        window.open(links.claim_url(claim))
        check_page(window)
        window.sees("Your claim was approved and everything is done")
        window.press("How was it? Tell us in one click")
        window.sees("One question: how did we handle your claim?")
        check_page(window)
        window.click("input[value='5']")
        window.type("#comment", "Kind people")
        window.press("Send")
        window.sees("Thank you for telling us.")
    assert Feedback.objects.get().comment == "Kind people"
    assert Claim.objects.get().outcome == "approved"


def test_the_link_is_found_by_number_and_address(order: Order) -> None:
    with browser() as window:
        window.resize(WIDTH, 844)
        window.open(links.entry_url(order.shop, order.name))
        check_page(window)
        assert window.run("return document.getElementById('order').value") == "#1001"
        window.type("#email", "zoe@example.com")
        window.press("Send me the link")
        window.sees("Please look into your mail.")
        check_page(window)
