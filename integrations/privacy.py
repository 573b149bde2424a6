"""What the law asks for: handing over, erasing a customer, erasing a shop. docs/privacy.md is the map it follows.

A request is a row; carrying it out goes order by order, each in a transaction of its own, so that a killed process
goes on where it was and running it twice erases nothing twice.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from backoffice.isolation import isolated
from integrations.erasing import erase_messages, erase_traces
from integrations.mail.kept import erase_kept
from integrations.models import Connection, PrivacyRequest
from orders.models import Customer, Order
from orders.redaction import customer_values, erase_customer, erase_order, personal_values
from orders.representation import represent as order_as_json
from orders.representation import with_parts
from protection.api.claims import represent as claim_as_json
from protection.api.evidence import facts as photo_as_json
from protection.messages.conversation import messages_of
from protection.messages.erasing import erase_messages as erase_messages_of
from protection.models import Claim, Evidence
from protection.redaction import erase_choices, erase_claims

SLICE_SECONDS = 20.0
INLINE_SECONDS = 5.0  # of a message's own handling; what is left the schedule does


def receive(
    connection: Connection, kind: str, *, customer_id: int | None, email: str, orders: Iterable[int], demand: str
) -> PrivacyRequest:
    """Keep a demand; the same one again is the same request. `demand` tells apart two demands about one customer."""
    named = Q(pk__in=[])
    if customer_id:
        named |= Q(remote_id=customer_id)
    if email:
        named |= Q(email__iexact=email)
    customers = list(Customer.objects.filter(named, shop=connection.shop).values_list("pk", flat=True))
    wanted = sorted(set(orders))
    request, _ = PrivacyRequest.objects.get_or_create(
        connection=connection,
        key=hashlib.sha256(json.dumps([kind, customer_id, wanted, demand]).encode()).hexdigest(),
        defaults={
            "kind": kind,
            "customer_remote_id": customer_id,
            "customers": customers,
            "orders": wanted,
            "due_at": timezone.now() + PrivacyRequest.TERM,
        },
    )
    return request


def run() -> None:
    """Go on with every open demand to erase, the oldest first, for at most 20 s. Run every minute.

    One that a fault of ours stops stays open, is tried again by the next run, and holds up none behind it.
    """
    until = time.monotonic() + SLICE_SECONDS
    open_ones = PrivacyRequest.objects.filter(done_at=None).exclude(kind=PrivacyRequest.Kind.EXPORT)
    for request in open_ones.select_related("connection__shop").order_by("received_at"):
        with isolated("Carrying out a privacy request", request.public_id):
            if not carry_out(request, until=until, by="system"):
                return


def carry_out(request: PrivacyRequest, *, until: float, by: str) -> bool:
    """Erase until done or `until` (monotonic seconds); True when it is done. A shop that is back is not erased."""
    if request.done_at or request.kind == PrivacyRequest.Kind.EXPORT:
        return request.done_at is not None
    if request.kind == PrivacyRequest.Kind.REDACT_SHOP and request.connection.uninstalled_at is None:
        _finish(request, by, {"erased": False, "why": "The app is installed again."})
        return True
    report = {"orders": 0, "claims": 0, "traces": 0, **request.report}
    for order in orders_of(request).filter(redacted_at=None).iterator(chunk_size=50):
        if time.monotonic() > until:
            _keep(request, report)
            return False
        _erase_order(request, order, report, by)
    whole_shop = request.kind == PrivacyRequest.Kind.REDACT_SHOP
    customers = customers_of(request).filter(redacted_at=None)
    needles = {*map(str, request.orders), str(request.customer_remote_id or "")}
    if not whole_shop:
        needles |= {value for customer in customers for value in customer_values(customer)}
    if not erase_messages(request.connection, needles, report, until=until, everything=whole_shop):
        _keep(request, report)
        return False
    for customer in customers.iterator(chunk_size=200):  # last: who goes on after us finds the messages by their values
        erase_customer(customer)
    if whole_shop:
        _erase_shop(request.connection)
    report.pop("messages_read_to", None)
    _finish(request, by, {"erased": True, **report})
    return True


@transaction.atomic
def _erase_order(request: PrivacyRequest, order: Order, report: dict[str, Any], by: str) -> None:
    """Floors above first: they look for the values that the last step blanks.

    Under the order's lock from the first step on: what somebody else writes of this order is there before, or never.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("shop", "customer").get(pk=order.pk)
    personal = personal_values(order)
    report["traces"] += erase_traces(request.connection, order, personal)
    mails = erase_messages_of(order, personal)
    transaction.on_commit(lambda: erase_kept(mails))
    report["claims"] += erase_claims(order, personal)
    erase_choices(order, personal)
    report["orders"] += erase_order(order, by=by)


def _erase_shop(connection: Connection) -> None:
    """The way to the shop is forgotten; what verifies a repeated demand stays."""
    assert connection.shop is not None
    kept = {name: connection.secrets[name] for name in ("signing", "inbound_token") if name in connection.secrets}
    connection.secrets = kept
    connection.save(update_fields=["secrets"])
    shop = connection.shop
    shop.redacted_at = timezone.now()
    shop.save(update_fields=["redacted_at"])


def _keep(request: PrivacyRequest, report: dict[str, Any]) -> None:
    request.report = report
    request.save(update_fields=["report"])


def _finish(request: PrivacyRequest, by: str, report: dict[str, Any]) -> None:
    request.report, request.done_at, request.done_by = report, timezone.now(), by[:255]
    request.save(update_fields=["report", "done_at", "done_by"])


def hand_over(request: PrivacyRequest, *, by: str) -> bool:
    """Staff gave the export to the merchant; False when that was noted before."""
    waiting = PrivacyRequest.objects.filter(pk=request.pk, done_at=None, kind=PrivacyRequest.Kind.EXPORT)
    return bool(waiting.update(done_at=timezone.now(), done_by=by[:255]))


def orders_of(request: PrivacyRequest) -> QuerySet[Order]:
    """The orders named, and all of the customers named; of a shop's own demand every order it has."""
    orders = Order.objects.filter(shop=request.connection.shop).select_related("shop", "customer")
    if request.kind == PrivacyRequest.Kind.REDACT_SHOP:
        return orders.order_by("id")
    return orders.filter(Q(remote_id__in=request.orders) | Q(customer__in=request.customers)).order_by("id")


def customers_of(request: PrivacyRequest) -> QuerySet[Customer]:
    customers = Customer.objects.filter(shop=request.connection.shop)
    if request.kind == PrivacyRequest.Kind.REDACT_SHOP:
        return customers.order_by("id")
    return customers.filter(Q(pk__in=request.customers) | Q(merged_into__in=request.customers)).order_by("id")


def export(request: PrivacyRequest) -> dict[str, Any]:
    """Everything we hold on the customer, as JSON-ready values: made when asked for, kept nowhere."""
    claims = Claim.objects.filter(order__in=orders_of(request)).select_related("order__shop").order_by("id")
    return {
        "request": request.public_id,
        "shop": request.connection.shop and request.connection.shop.domain,
        "made_at": timezone.now(),
        "customers": [_customer(customer) for customer in customers_of(request)],
        "orders": [order_as_json(order) for order in with_parts(orders_of(request))],
        "claims": [claim_as_json(claim) for claim in claims],
        "messages": messages_of(orders_of(request)),
        "photos": [
            {"claim": photo.claim.public_id, **photo_as_json(photo)}
            for photo in Evidence.objects.filter(claim__in=claims, removed_at=None).select_related("claim")
        ],
    }


def _customer(customer: Customer) -> dict[str, str | datetime | None]:
    return {
        "id": customer.public_id,
        "remote_id": str(customer.remote_id),
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
        "known_since": customer.created_at,
    }
