"""A parcel of a replacement locks its order, then that of its claim; taking the remedy back does likewise."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from orders.models import Change, Order
from orders.tests.builders import line, make_order
from protection import resolutions, reversing
from protection.tests.builders import make_resolution
from protection.tests.locks import until_waiting
from protection.verdicts import DecisionRefused

pytestmark = pytest.mark.django_db(transaction=True)


def test_taking_a_remedy_back_waits_for_the_parcel_and_holds_nothing_it_needs() -> None:
    resolution = make_resolution()
    claim = resolution.claim
    resolutions.start(resolution)
    sent = make_order(line("Teapot"), shop=claim.order.shop, source_identifier=str(resolution.uuid))
    resolutions.recognise(sent, by="shopify")
    claim.refresh_from_db()
    lead = Client()
    lead.force_login(User.objects.create_superuser("root", password="a-long-password-for-tests"))
    typed = {"verb": "reverse", "version": claim.version, "remedy": resolution.public_id, "why_reverse": "Wrong colour"}

    def in_the_console() -> object:
        try:
            return lead.post(f"/admin/protection/claim/{claim.pk}/change/", typed).status_code
        finally:
            connection.close()

    def by_the_api() -> object:
        try:
            return reversing.reverse(resolution, "Wrong colour", by="partner:desk").public_id
        except DecisionRefused as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Order.objects.select_for_update().get(pk=sent.pk)
            both = [pool.submit(in_the_console), pool.submit(by_the_api)]
            until_waiting(2)
            assert Order.objects.select_for_update(nowait=True).get(pk=claim.order_id)
        said = [one.result(30) for one in both]
    assert Change.objects.filter(kind=Change.Kind.CANCEL, order=sent).count() >= 1, said
