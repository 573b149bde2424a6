"""A console with something on every page."""

import hashlib
import zlib
from datetime import timedelta
from itertools import count

from django.utils import timezone

from backoffice.models import ApiKey, Partner
from integrations.models import Connection, Delivery, DeliveryAttempt, Heartbeat, InboundMessage
from orders.intake import Origin, apply_fulfillment, apply_refund, apply_scan
from orders.models import Order
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine, RefundLineSnapshot, RefundSnapshot, TrackingSnapshot
from orders.tests.builders import NOON, bag, line, make_shop, next_id
from protection import review
from protection.models import Claim
from protection.review import ItemDecision
from protection.routing import backtesting
from protection.tests.builders import make_agent, make_claim, make_covered_order
from protection.tests.carriers import make_recovery, shipped
from protection.tests.routing import make_draft, make_rule

_numbers = count(1)


def make_connection(system: str = "webhook", label: str = "Warehouse") -> Connection:
    partner = Partner.objects.get_or_create(name="Warehouse")[0] if system == "webhook" else None
    return Connection.objects.create(
        system=system,
        label=label,
        partner=partner,
        shop=None if partner else make_shop(),
        url=f"https://hooks.example.com/{next(_numbers)}",
        events=["*"] if partner else ["resolution.queued"],
        secrets={"signing": ["whsec_topsecret"]},
    )


def make_message(connection: Connection, state: str = "handled", body: bytes = b'{"id": 1}') -> InboundMessage:
    key = f"key-{next(_numbers)}"
    return InboundMessage.objects.create(
        connection=connection,
        topic="orders/updated",
        delivery_key=key,
        digest=hashlib.sha256(body + key.encode()).digest(),
        body_zlib=zlib.compress(body),
        state=state,
        traceback="Traceback: KeyError <b>" if state in ("failed", "parked") else "",
        received_at=timezone.now(),
    )


def park(delivery: Delivery) -> Delivery:
    delivery.state, delivery.parked_because, delivery.result = "parked", "refused", "422: unknown sku"
    delivery.save()
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=1,
        started_at=timezone.now(),
        milliseconds=12,
        status=422,
        outcome="422",
        answer="<b>no",
    )
    return delivery


def make_case(lines: int = 1, scans: int = 1) -> Claim:
    """An order with `lines` items, a parcel with `scans`, a refund, and a claim about one unit of each item."""
    rows = [line("Teapot", 3), *(line(f"Cup {n}", 3) for n in range(1, lines))]
    order = make_covered_order(*rows)
    origin = Origin(by="shopify")
    parcel = next_id()
    contents = [QuantityOfLine(row.remote_id, 1) for row in rows]
    apply_fulfillment(order.shop, order.remote_id, FulfillmentSnapshot(parcel, "success", contents), origin)
    long_ago = timezone.now() - timedelta(days=10)  # so that a lost parcel may be claimed whenever this runs
    for n in range(scans):
        apply_scan(order.shop, order.remote_id, TrackingSnapshot(next_id(), parcel, f"step_{n}", long_ago), origin)
    part = RefundLineSnapshot(rows[0].remote_id, 1, "no_restock", {"subtotal": bag("40"), "tax": bag("0")})
    apply_refund(order.shop, order.remote_id, RefundSnapshot(next_id(), [part], processed_at=NOON), origin)
    claim = make_claim(order)
    for row in order.lines.filter(title__startswith="Cup"):
        claim.items.create(line=row, quantity=1).units.create(line=row, unit=1)
    return claim


def fill() -> Order:
    """Claims in several states, a carrier's case, every kind of message and delivery, people, keys and a heartbeat."""
    warehouse, shopify = make_connection(), make_connection("shopify", "Shopify")
    ana = make_agent()
    make_case(lines=2, scans=3)
    for verdict in ("approve", "deny"):
        claim = make_case()
        review.decide(
            claim,
            [ItemDecision(item, verdict, item.quantity, "other", "Seen before") for item in claim.items.all()],
            user=ana,
        )
    review.ask_for_info(make_case(), "Which door?", user=ana)
    make_recovery(shipped(make_covered_order(name="#1009")))
    for state, body in (("received", b"{}"), ("failed", b"not json"), ("parked", b"\x00\xff"), ("ignored", b"[]")):
        make_message(shopify, state, body)
    first, second, third = Delivery.objects.filter(connection=warehouse).order_by("id")[:3]
    park(first)
    Delivery.objects.filter(pk=second.pk).update(state="retrying")
    Delivery.objects.filter(pk=third.pk).update(state="delivered", delivered_at=timezone.now())
    ApiKey.issue(Partner.objects.get(), ["orders:read"])
    Heartbeat.objects.create(host="w1", beat_at=timezone.now())
    make_rule(action="flag")
    backtesting.carry_on(backtesting.begin(make_draft(), 90, by="staff:ana", ring=False))
    return Order.objects.order_by("pk")[0]
