"""Every step that a claim may take tells the customer, once, or says in a table why it does not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from orders.journal import record
from orders.models import JournalEntry, Order
from orders.tests.builders import make_order
from protection import appeals, arrivals, asking, filing, resolutions, review, waking
from protection.messages import templates
from protection.messages.defaults import LANGUAGES, default_of
from protection.messages.events import EVENTS, VARIABLES
from protection.messages.told import MOVES, Silent, told_by_move
from protection.messages.values import VALUES
from protection.models import Claim, Message, MessageTemplate, Resolution
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order
from protection.tests.parcels import send

pytestmark = pytest.mark.django_db
State = Claim.State
STEPS = [(before, after) for before, targets in Claim.MOVES.items() for after in sorted(targets)]
OUTCOMES = [*Claim.Outcome.values, ""]


@pytest.fixture(autouse=True)
def mails_are_on(settings: Any) -> None:
    settings.CUSTOMER_MAILS = True


def told() -> list[str]:
    return list(Message.objects.order_by("id").values_list("event", flat=True))


def test_the_table_names_exactly_the_steps_there_are() -> None:
    assert set(MOVES) == set(STEPS)


def test_each_step_has_a_text_in_every_language_or_a_reason_to_be_silent() -> None:
    written = set(MessageTemplate.objects.filter(shop=None).values_list("event", "language"))
    cases: list[dict[str, Any]] = [
        {}, {"decisions": [{"remedy": "refund"}]}, {"appealed": True}, {"request": "inf_1"}, {"why": "x"}
    ]  # fmt: skip
    for before, after in STEPS:
        for outcome in OUTCOMES:
            for more in cases:
                event = told_by_move(Claim(state=after, outcome=outcome), {"from": before, "to": after, **more})
                if isinstance(event, Silent):
                    assert len(event.why) > 20
                else:
                    assert {(event, language) for language in LANGUAGES} <= written


@pytest.mark.parametrize("before, after", STEPS)
def test_each_step_taken_writes_one_message_or_none_as_the_table_says(before: str, after: str) -> None:
    """The step itself, on a row of that state: what the table promises is what is written."""
    order = make_order()
    closed_at = timezone.now() if before == State.CLOSED else None
    claim = Claim.objects.create(
        order=order, reason="lost", state=before, next_actor=Claim.NEXT_ACTOR[before], filed_by="customer",
        outcome="denied" if before == State.CLOSED else "", closed_at=closed_at, eligible_at=timezone.now(),
    )  # fmt: skip
    facts: dict[str, Any] = {"decisions": [{"remedy": "none"}]} if after == State.DECIDED else {}
    with transaction.atomic():
        claim.move_to(
            after, by="staff:ana", outcome="denied" if after in (State.DECIDED, State.CLOSED) else "", **facts
        )
    event = told_by_move(claim, {"from": before, "to": after, **facts})
    assert told() == ([] if isinstance(event, Silent) else [event])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_default_text_may_be_kept_and_uses_only_what_its_event_allows(language: str) -> None:
    for event in EVENTS:
        subject, text = default_of(event, language)
        kept = templates.next_version(event, language, subject=subject, text=text, html="", by="staff:ben")
        assert kept.number == 2
    assert set(VALUES) == set(VARIABLES)


def test_filing_tells_once_though_it_takes_two_steps() -> None:
    make_claim()
    assert told() == ["received"]


def test_a_claim_that_is_too_early_is_told_until_when_and_why() -> None:
    order = make_covered_order()
    send(order, ("in_transit", timezone.now()))
    claim = make_claim(order)
    [message] = Message.objects.all()
    assert message.event == "waiting"
    assert claim.eligible_at is not None
    assert f"{claim.eligible_at:%-d %B %Y}" in message.text
    assert "days after the carrier's last scan" in message.text
    send(order, ("in_transit", timezone.now() + timedelta(hours=1)))
    arrivals.order_moved(Order.objects.get(pk=order.pk), by="shopify")
    arrivals.order_moved(Order.objects.get(pk=order.pk), by="shopify")
    waking.run(claim.eligible_at + timedelta(minutes=1))
    assert told() == ["waiting", "asked_arrived", "in_review"]


def test_asking_reminding_and_closing_are_each_told() -> None:
    claim = make_claim()
    asking.ask(claim, ["A photo of the box", "A photo of the label"], by="staff:ana")
    for days in (4, 7, 20):
        asking.run(timezone.now() + timedelta(days=days))
    assert told() == ["received", "needs_info", "reminder", "last_reminder", "no_response"]
    for message in Message.objects.filter(event__in=("needs_info", "reminder", "last_reminder", "no_response")):
        assert "- A photo of the box\n- A photo of the label" in message.text
    asking.answer(claim, "Here it is", by="customer")
    assert told()[-1] == "in_review"


def test_a_denial_says_why_what_would_change_it_and_how_to_appeal() -> None:
    claim = make_claim()
    decide(claim, make_agent(), 0, reason="no_evidence")
    message = Message.objects.last()
    assert message is not None
    assert told() == ["received", "denied"]
    assert "1 × Teapot: not approved. We have not seen proof" in message.text
    assert "Photos of the item, its packaging and the label." in message.text
    assert "/c/appeal/" in message.text
    appeals.appeal(claim, "Look at the photo", by="customer")
    decide(claim, make_agent("lea"))
    assert told() == ["received", "denied", "appeal_received", "appeal_answered"]


def test_each_remedy_tells_its_end_in_the_customers_money() -> None:
    claim = make_claim()
    decide(claim, make_agent())
    remedy = claim.resolutions.get()
    resolutions.start(remedy)
    resolutions.mark_executed(remedy, by="shopify", remote_order_id=77, remote_order_name="#1077")
    assert told() == ["received", "approved", "replacement_ordered"]
    assert "#1077" in Message.objects.get(event="replacement_ordered").text
    home = make_order(source_identifier=str(remedy.uuid), shop=claim.order.shop, name="#1077")
    parcel = send(home, ("in_transit", timezone.now()))
    for number in ([], ["1Z999"], ["1Z999"]):
        facts: dict[str, Any] = {"status": "success", "tracking": {"company": "UPS", "numbers": number}}
        parcel.tracking_numbers, parcel.tracking_company = number, "UPS"
        parcel.tracking_urls = ["javascript:alert(1)", "https://ups.example/1Z999"]
        parcel.save()
        with transaction.atomic():
            record("fulfillment.updated", shop=home.shop, order=home, subject=parcel.public_id, by="shopify", **facts)
    assert told()[3:] == ["replacement_shipped"]
    shipped = Message.objects.get(event="replacement_shipped")
    assert shipped.order == claim.order
    assert "https://ups.example/1Z999" in shipped.text
    assert "javascript" not in shipped.text + shipped.html


@pytest.mark.parametrize(
    "kind, event",
    [("refund", "refund_made"), ("store_credit", "credit_given"), ("gift_card", "gift_card_sent"),
     ("goodwill", "credit_given"), ("handled_elsewhere", "handled_elsewhere")],
)  # fmt: skip
def test_money_and_what_is_settled_elsewhere_have_words_of_their_own(kind: str, event: str) -> None:
    claim = make_claim()
    sides = {side: {"amount": "10.00", "currency": "EUR"} for side in ("shop", "presentment")}
    remedy = Resolution.objects.create(
        claim=claim, kind=kind, state="queued", not_before=timezone.now(), paid_as="store_credit",
        amount={} if kind == "handled_elsewhere" else sides,
    )  # fmt: skip
    resolutions.mark_executed(remedy, by="shopify", remote_reference="1")
    assert told() == ["received", event]
    if kind != "handled_elsewhere":
        assert "€10.00" in Message.objects.get(event=event).text


def test_a_remedy_that_fails_is_told_kindly_and_without_the_shops_words() -> None:
    claim = make_claim()
    decide(claim, make_agent())
    remedy = claim.resolutions.get()
    resolutions.start(remedy)
    resolutions.mark_failed(remedy, "Variant 42 is not purchasable", by="shopify")
    assert told()[-1] == "remedy_failed"
    text = Message.objects.get(event="remedy_failed").text
    assert "Variant" not in text
    assert "purchasable" not in text


def test_closing_says_how_it_ended() -> None:
    filing.withdraw(make_claim(), by="customer")
    review.close(make_claim(), "duplicate", user=make_agent())
    texts = list(Message.objects.filter(event="closed").values_list("text", flat=True))
    assert "It was withdrawn, as you asked." in texts[0]
    assert "There is another claim on the same items" in texts[1]


def test_an_entry_is_told_once_whoever_repeats_it() -> None:
    make_claim()
    message = Message.objects.get()
    entry = JournalEntry.objects.get(message=message)
    with pytest.raises(Exception, match="entry"), transaction.atomic():
        Message.objects.create(order=message.order, event="received", entry=entry, language="en", subject="x", by="x")


def journaled(order: Order, action: str, **facts: Any) -> None:
    with transaction.atomic():
        record(action, shop=order.shop, order=order, by="system", **facts)


def test_a_fee_that_goes_back_is_told_with_its_amount() -> None:
    order = make_covered_order()
    money = {side: {"amount": "1.50", "currency": "EUR"} for side in ("shop", "presentment")}
    journaled(order, "coverage.removed", fee=money)
    journaled(order, "fee_refund.paid", amount=money)
    journaled(order, "coverage.removed", fee={side: {**part, "amount": "0.00"} for side, part in money.items()})
    assert told() == ["fee_refunded", "fee_partly_refunded"]
    assert all("€1.50" in message.text for message in Message.objects.all())
