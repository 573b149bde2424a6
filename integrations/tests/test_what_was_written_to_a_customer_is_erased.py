"""Messages, what waits to be sent, and a trial's mail files go with the customer they were written to."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection as database
from django.db import transaction

from integrations import calls, inbox, privacy
from integrations.mail import line
from integrations.models import Delivery, PrivacyRequest
from integrations.tests.shopify import connect, line_body, order_body, post
from orders.models import JournalEntry, Order
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.messages import writing
from protection.models import Message
from protection.tests.builders import make_agent, make_plan
from protection.tests.locks import until_waiting

pytestmark = pytest.mark.django_db
CANARY = "Canarina Zq"


@pytest.fixture
def shop(settings, tmp_path):
    settings.CUSTOMER_MAILS = True
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    connection = connect()
    make_plan(connection.shop)
    return connection


def claimed(shop, number: int, name: str):
    customer = {"id": number, "email": f"{name.split()[0].lower()}@zq.example", "first_name": name}
    fee = line_body("Delivery guarantee", price="1.00", sku="PROTECT", requires_shipping=False)
    body = order_body(line_body(), fee, customer=customer, email=customer["email"])
    post(shop, "orders/create", body)
    inbox.drain()
    order = Order.objects.get(remote_id=body["id"])
    return body, filing.file_claim(order, reason="lost", items=[ItemAsked(order.lines.all()[0], 1)], by="customer")


def files(settings) -> str:
    folder = Path(settings.EMAIL_FILE_PATH)
    return "".join(entry.read_text() for entry in folder.glob("*.log"))


def test_a_customers_mails_are_nowhere_afterwards(shop, settings, django_capture_on_commit_callbacks):
    body, claim = claimed(shop, 71, CANARY)
    claimed(shop, 72, "Somebody Else")
    calls.drain(line.ensure().pk)
    ana = make_agent()
    review.ask_for_info(claim, f"{CANARY}, a photo please", user=ana)
    writing.write(claim, f"Dear {CANARY}, we look into it", user=ana)
    assert CANARY in files(settings)
    demand = {"shop_id": 1, "shop_domain": shop.shop.domain, "customer": body["customer"],
              "orders_to_redact": [body["id"]]}  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        post(shop, "customers/redact", demand)
        inbox.drain()
    assert PrivacyRequest.objects.get().done_at
    rows = [str(row) for row in Message.objects.filter(claim=claim).values_list("to", "subject", "text", "html", "why")]
    rows += [str(facts) for facts in JournalEntry.objects.filter(order=claim.order).values_list("facts", flat=True)]
    found = "".join(rows) + files(settings)
    assert "anarina" not in found.lower()
    assert "Somebody Else" in files(settings)
    calls.drain(line.ensure().pk)
    assert "anarina" not in files(settings).lower()
    states = Message.objects.filter(claim=claim).order_by("id").values_list("event", "state")
    assert list(states) == [("received", "sent"), ("needs_info", "dropped"), ("written", "dropped")]
    assert not Delivery.objects.filter(connection=line.ensure()).exclude(state="delivered").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_the_customer_is_erased_is_erased_too(shop):
    body, claim = claimed(shop, 71, CANARY)
    ana = make_agent()
    request = privacy.receive(
        shop, PrivacyRequest.Kind.REDACT_CUSTOMER, customer_id=71, email="", orders=[body["id"]], demand=""
    )

    def erase() -> bool:
        try:
            return privacy.carry_out(request, until=time.monotonic() + 60, by="system")
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            review.ask_for_info(claim, f"{CANARY}, a photo please", user=ana)
            erasing = pool.submit(erase)
            until_waiting()
        assert erasing.result(60)
    rows = Message.objects.filter(claim=claim).order_by("id").values_list("event", "state", "to", "text")
    assert [*rows] == [("received", "dropped", "", "(erased)"), ("needs_info", "dropped", "", "(erased)")]


def test_an_export_holds_what_was_written_to_the_customer(shop):
    body, claim = claimed(shop, 71, CANARY)
    demand = {"shop_id": 1, "shop_domain": shop.shop.domain, "customer": body["customer"],
              "orders_requested": [body["id"]], "data_request": {"id": 9}}  # fmt: skip
    post(shop, "customers/data_request", demand)
    inbox.drain()
    [message] = privacy.export(PrivacyRequest.objects.get())["messages"]
    assert (message["claim"], message["event"], message["to"]) == (claim.public_id, "received", "canarina@zq.example")
    assert "/c/claim/" not in message["text"]
    assert "(link)" in message["text"]
