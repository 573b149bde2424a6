"""Redaction: planted names, e-mails, phones and addresses are nowhere in the database or the log afterwards."""

import io
import json
import logging
import zlib

import pytest
from django.apps import apps
from django.db import connection as database
from django.test import Client

from backoffice.models import ApiKey, Partner
from integrations import inbox, privacy
from integrations.models import DeliveryAttempt, Drift, InboundMessage, PrivacyRequest
from integrations.tests.console import make_connection
from integrations.tests.shopify import connect, line_body, order_body, post
from orders.models import Change, Customer, Fulfillment, FulfillmentOrder, JournalEntry, Order, Return
from protection import asking, evidence, evidence_files, filing, review
from protection.eligibility import ItemAsked
from protection.messages import writing
from protection.models import (
    Claim,
    ComparedDecision,
    Consent,
    Evidence,
    Feedback,
    LaterChoice,
    LinkRequest,
    Recovery,
)
from protection.tests.builders import make_agent, make_plan
from protection.tests.photos import photo

pytestmark = pytest.mark.django_db

PER_ORDER = 25
KEPT = {"US", "United States", "IL"}


def canaries(number: int) -> dict[str, str]:
    """PER_ORDER texts that occur nowhere else."""
    return {name: f"Canary{name.title()}{number}Zq" for name in (
        "first last company street flat city province note attribute property tag message question description "
        "destination hold returned answer drift wanted reply appeal elsewhere written feedback".split())}  # fmt: skip


def planted(number: int, customer_id: int) -> dict:
    c = canaries(number)
    address = {"first_name": c["first"], "last_name": c["last"], "company": c["company"], "address1": c["street"],
               "address2": c["flat"], "city": c["city"], "province": c["province"], "zip": f"9{number}7Zq8x",
               "province_code": "IL", "country_code": "US", "country": "United States",
               "phone": f"+1555777{number:04d}"}  # fmt: skip
    return order_body(
        line_body(properties=[{"name": "engraving", "value": c["property"]}]),
        line_body("Delivery guarantee", price="1.00", sku="PROTECT", requires_shipping=False),
        customer={"id": customer_id, "email": f"canary{number}@zq.example", "first_name": c["first"],
                  "last_name": c["last"], "phone": f"+1555778{number:04d}"},
        email=f"canary{number}@zq.example", phone=f"+1555779{number:04d}", note=f"for {c['note']} please",
        note_attributes=[{"name": "gift to", "value": c["attribute"]}, {"name": "is_gift", "value": "yes"}],
        shipping_address=address, billing_address=address,
    )  # fmt: skip


def needles(number: int) -> list[str]:
    return [
        *canaries(number).values(), f"canary{number}@zq.example", f"9{number}7Zq8x",
        *(f"+155577{digit}{number:04d}" for digit in (7, 8, 9)),
    ]  # fmt: skip


def scatter(shop_connection, body, number, agent):
    """Put the rest of the canaries where each part of the house keeps texts."""
    c = canaries(number)
    order = Order.objects.get(remote_id=body["id"])
    FulfillmentOrder.objects.create(
        order=order, remote_id=number + 1, status="on_hold", destination={"city": c["destination"]},
        holds=[{"id": "1", "reason": "other", "notes": c["hold"]}],
    )  # fmt: skip
    Return.objects.create(order=order, remote_id=number + 1, status="open", lines=[{"id": 1, "note": c["returned"]}])
    change = Change.objects.create(
        shop=order.shop, order=order, kind="address", wanted={"address1": c["wanted"]}, by="staff:ana"
    )
    Consent.objects.create(coverage=order.coverage, how=f"{c['first']} ticked", price=c["last"], locale="en")
    LaterChoice.objects.create(order=order, change=change, receipt={"how": f"told by {c['last']}", "locale": "en"})
    Drift.objects.create(
        connection=shop_connection, order=order, fields=[{"field": "note", "ours": c["drift"], "theirs": ""}]
    )
    delivery = order.deliveries.first()
    DeliveryAttempt.objects.create(
        delivery=delivery, number=1, started_at=order.created_at, milliseconds=1, outcome=f"422 {c['last']}",
        answer=f"no such person {c['answer']}",
    )  # fmt: skip
    item = ItemAsked(order.lines.first(), 1)
    claim = filing.file_claim(order, reason="lost", items=[item], description=f"{c['description']} never came", by="x")
    evidence.add_evidence(claim, io.BytesIO(photo(number)), by="customer")
    review.ask_for_info(claim, f"Dear {c['question']}, where is it?", user=agent)
    asking.answer(claim, f"With {c['reply']}", by="customer")
    writing.write(claim, f"Dear {c['written']}, we look into it", user=agent)
    Feedback.objects.create(
        claim=claim, closed_at=claim.created_at, score=1, comment=f"{c['feedback']} was rude", by="customer"
    )
    LinkRequest.objects.create(order_name=order.name, email=f"canary{number}@zq.example")
    Claim.objects.filter(pk=claim.pk).update(
        appeal_why=f"{c['appeal']} saw it", ship_to={"address1": c["elsewhere"], "country_code": "US"}
    )
    parcel = Fulfillment.objects.create(order=order, remote_id=number + 1)
    case = Recovery.objects.create(
        order=order, parcel=parcel, currency="USD", note=f"{c['reply']} called", asked=f"Is {c['first']} home?",
        why=f"{c['last']} has it", over_reason=f"for {c['description']}", doubt=f"{c['elsewhere']} has it",
        reference=f"C-1/{c['last']}",
    )  # fmt: skip
    case.claims.add(claim)
    ComparedDecision.objects.create(
        claim=claim, decided_by=agent, side="denied", near=10, approved=10, expected="approved", differs=True,
        why=f"{c['reply']} called, differs",
    )  # fmt: skip


def everything() -> str:
    """Every row of every table as text, with the bodies of messages unpacked."""
    parts = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            parts += [row[0] for row in cursor.fetchall()]
    parts += [zlib.decompress(raw).decode() for raw in InboundMessage.objects.values_list("body_zlib", flat=True)]
    return "\n".join(parts)


@pytest.fixture
def shop(settings):
    settings.CUSTOMER_MAILS = True
    make_connection()  # a partner that is told everything
    connection = connect()
    make_plan(connection.shop)
    return connection


def test_two_hundred_canaries_are_gone_after_customers_redact(shop, caplog):
    caplog.set_level(logging.DEBUG)
    bodies, agent = {number: planted(number, 880_000 + number) for number in range(10)}, make_agent()
    for number, body in bodies.items():
        post(shop, "orders/create", body)
        inbox.drain()
        scatter(shop, body, number, agent)
        post(shop, "customers/update", {**body["customer"], "note": canaries(number)["message"]})
    other = planted(77, 990_077)
    post(shop, "orders/create", other)
    inbox.drain()
    before = everything()
    assert all(canaries(number)["street"] in before for number in range(10))
    photos = list(Evidence.objects.values_list("sha256", "fingerprint", "file"))
    assert all(evidence_files.storage().exists(file) for _, _, file in photos)
    for body in bodies.values():
        demand = {"shop_id": 1, "shop_domain": shop.shop.domain, "customer": {**body["customer"]},
                  "orders_to_redact": [body["id"]]}  # fmt: skip
        post(shop, "customers/redact", demand)
    inbox.drain()
    assert PrivacyRequest.objects.exclude(done_at=None).count() == 10
    after = everything().lower() + caplog.text.lower()
    planted_texts = [text for number in range(10) for text in needles(number)]
    assert len(planted_texts) >= 200
    assert [text for text in planted_texts if text.lower() in after] == []
    assert (LaterChoice.objects.filter(receipt__locale="en").count(), Consent.objects.count()) == (10, 10)
    assert len(photos) == 10
    assert [told for sha256, print_, _ in photos for told in (sha256, str(print_)) if told in after] == []
    evidence.sweep()  # the commit does it at once; a test's transaction has none
    assert not any(evidence_files.storage().exists(file) for _, _, file in photos)
    assert canaries(77)["street"].lower() in after  # nobody else's data was touched


def test_what_the_books_need_is_kept(shop):
    body = planted(1, 880_001)
    post(shop, "orders/create", body)
    inbox.drain()
    lines, total = list(Order.objects.get().lines.values_list("title", "quantity")), Order.objects.get().total
    redact(shop, body)
    order = Order.objects.get()
    assert (list(order.lines.values_list("title", "quantity")), order.total) == (lines, total)
    assert (order.shipping_address["country_code"], order.shipping_address["province_code"]) == ("US", "IL")
    assert order.shipping_address["zip"] == "917"
    assert order.attribute("is_gift") == "yes"
    assert order.redacted_at is not None
    assert [entry.action for entry in order.journal.order_by("id")][-1] == "order.redacted"


def test_an_old_message_does_not_bring_it_back(shop):
    body = planted(2, 880_002)
    post(shop, "orders/create", body)
    inbox.drain()
    redact(shop, body)
    late = {**body, "updated_at": "2026-11-25T12:00:00-05:00", "financial_status": "refunded"}
    post(shop, "orders/updated", late)
    post(shop, "customers/update", {**body["customer"], "updated_at": "2026-11-25T12:00:00-05:00"})
    inbox.drain()
    order, customer = Order.objects.get(), Customer.objects.get()
    assert order.financial_status == "refunded"
    assert (order.email, order.phone, order.note, customer.email, customer.first_name) == ("", "", "", "", "")
    assert order.shipping_address["address1"] == ""


def test_a_demand_told_twice_is_carried_out_once(shop):
    body = planted(3, 880_003)
    post(shop, "orders/create", body)
    inbox.drain()
    redact(shop, body)
    redact(shop, body, note="sent again")
    assert PrivacyRequest.objects.count() == 1
    assert JournalEntry.objects.filter(action="order.redacted").count() == 1


def test_a_customer_known_by_e_mail_only_is_found(shop):
    body = planted(4, 880_004)
    post(shop, "orders/create", body)
    inbox.drain()
    post(shop, "customers/redact", {"shop_domain": shop.shop.domain, "customer": {"email": body["email"].upper()},
                                    "orders_to_redact": []})  # fmt: skip
    inbox.drain()
    assert Order.objects.get().redacted_at
    assert Customer.objects.get().redacted_at


def test_a_whole_shop_is_erased_after_it_left_and_its_keys_with_it(shop):
    for number in range(3):
        post(shop, "orders/create", planted(number, 880_000 + number))
    inbox.drain()
    Shop = apps.get_model("orders", "Shop")
    type(shop).objects.filter(pk=shop.pk).update(uninstalled_at="2026-11-20T00:00:00Z")
    post(shop, "shop/redact", {"shop_id": 1, "shop_domain": shop.shop.domain})
    inbox.drain()
    after = everything()
    assert [text for number in range(3) for text in needles(number) if text in after] == []
    shop.refresh_from_db()
    assert "token" not in shop.secrets
    assert Shop.objects.get().redacted_at


def test_a_shop_that_is_installed_again_is_not_erased(shop):
    post(shop, "orders/create", planted(5, 880_005))
    post(shop, "shop/redact", {"shop_id": 1, "shop_domain": shop.shop.domain})
    inbox.drain()
    assert Order.objects.get().redacted_at is None
    assert PrivacyRequest.objects.get().report == {"erased": False, "why": "The app is installed again."}


def test_a_long_one_is_finished_slice_by_slice(shop):
    for number in range(3):
        post(shop, "orders/create", planted(number, 880_009))
    inbox.drain()
    request = privacy.receive(shop, "redact_customer", customer_id=880_009, email="", orders=[], demand="")
    assert not privacy.carry_out(request, until=0, by="system")  # the time was over before it began
    assert PrivacyRequest.objects.get().done_at is None
    privacy.run()
    assert PrivacyRequest.objects.get().done_at
    assert not Order.objects.filter(redacted_at=None).exists()


def test_whoever_goes_on_still_knows_whose_messages_to_look_for(shop):
    post(shop, "customers/create", planted(9, 880_010)["customer"])
    post(shop, "orders/deleted", {"id": 1, "note": "canary9@zq.example"})  # names the customer by e-mail alone
    inbox.drain()
    request = privacy.receive(shop, "redact_customer", customer_id=880_010, email="", orders=[], demand="")
    assert not privacy.carry_out(request, until=0, by="system")
    privacy.run()
    assert PrivacyRequest.objects.get().report["messages"] == 2
    assert "canary9@zq.example" not in everything()


def test_a_demand_that_a_fault_stops_holds_up_no_other(shop, caplog):
    for number in (1, 2):
        post(shop, "orders/create", planted(number, 880_000 + number))
    inbox.drain()
    first, second = (
        privacy.receive(shop, "redact_customer", customer_id=880_000 + number, email="", orders=[], demand="")
        for number in (1, 2)
    )
    Order.objects.filter(customer__remote_id=880_001).update(attributes=["nobody wrote this"])
    privacy.run()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.done_at, second.done_at is not None) == (None, True)
    assert f"failed: {first.public_id}" in caplog.text


def test_words_that_fill_their_column_still_fit_when_a_short_name_is_erased(shop):
    body = planted(1, 880_001)
    post(shop, "orders/create", {**body, "customer": {**body["customer"], "first_name": "Ann"}})
    inbox.drain()
    delivery = Order.objects.get().deliveries.first()
    DeliveryAttempt.objects.create(
        delivery=delivery, number=1, started_at=delivery.created_at, milliseconds=1, outcome="It cannot be. " * 18,
    )  # fmt: skip
    redact(shop, body)
    assert Order.objects.get().redacted_at
    assert DeliveryAttempt.objects.get().outcome.startswith("It c(erased)ot be.")


def test_the_export_holds_all_and_only_this_customers_data(shop):
    mine, other = planted(6, 880_006), planted(7, 880_007)
    for body in (mine, other):
        post(shop, "orders/create", body)
    post(shop, "customers/data_request", {"shop_domain": shop.shop.domain, "customer": {"id": 880_006},
                                          "orders_requested": [mine["id"]], "data_request": {"id": 5}})  # fmt: skip
    inbox.drain()
    request = PrivacyRequest.objects.get()
    text = json.dumps(privacy.export(request), default=str, ensure_ascii=False)
    assert canaries(6)["street"] in text
    assert canaries(6)["first"] in text
    assert not any(value in text for value in canaries(7).values())
    assert request.done_at is None
    assert (request.due_at - request.received_at).days in (29, 30)


def test_partners_read_an_erased_order_without_the_person(shop):
    body = planted(8, 880_008)
    post(shop, "orders/create", body)
    inbox.drain()
    redact(shop, body)
    _, secret = ApiKey.issue(Partner.objects.first(), ["orders:read"])
    answer = Client().get(f"/v1/orders?remote_id={body['id']}", headers={"Authorization": f"Bearer {secret}"})
    assert [text for text in needles(8) if text in answer.content.decode()] == []
    assert answer.json()["data"][0]["amounts"]["total"]["shop"]["amount"] == "41.00"


def redact(shop, body, **more) -> None:
    demand = {"shop_id": 1, "shop_domain": shop.shop.domain, "customer": {"id": body["customer"]["id"]},
              "orders_to_redact": [body["id"]], **more}  # fmt: skip
    post(shop, "customers/redact", demand)
    inbox.drain()
