"""Writes a year of decided claims into a shop of their own, in bulk, and a draft of a rule that asks much of them.

The rows are those that filing and deciding make one by one. Prints the rule's name. Run with how many claims.
"""

import json
import os
import random
import sys
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 after the settings
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from orders.models import (  # noqa: E402
    Customer,
    Fulfillment,
    JournalEntry,
    LineItem,
    Order,
    Shop,
    TrackingEvent,
)
from protection.models import (  # noqa: E402
    Claim,
    ClaimItem,
    ClaimUnit,
    Decision,
    Evidence,
    Likeness,
    ReasonRule,
    RoutingRule,
    RoutingVersion,
)
from protection.risk.likenesses import digests  # noqa: E402
from protection.routing import rules  # noqa: E402

A_TIME = 2_000
FIRST = 9_000_000_000_000
REASONS = ("lost", "not_received", "damaged", "stolen")
OUTCOMES = ("approved",) * 7 + ("denied",) * 2 + ("withdrawn",)


def money(amount: str) -> dict[str, Any]:
    side = {"amount": amount, "currency": "USD"}
    return {"shop": side, "presentment": side}


class Past:
    """A shop with a year of claims, two of three by customers who have others."""

    def __init__(self, count: int) -> None:
        self.count, self.dice = count, random.Random(1)
        self.shop = Shop.objects.create(domain=f"{uuid.uuid4().hex}.example.com")
        self.user = User.objects.order_by("pk")[0]
        self.rules = {rule.reason: rule for rule in ReasonRule.objects.filter(shop=None).order_by("number")}
        names = [Customer(shop=self.shop, remote_id=FIRST + n, email=f"p{n}@example.com") for n in range(count // 2)]
        self.customers = Customer.objects.bulk_create(names, batch_size=A_TIME)

    @transaction.atomic
    def write(self, numbers: range) -> None:
        now = timezone.now()
        filed = {n: now - timedelta(minutes=364 * 1440 * (self.count - n) // self.count) for n in numbers}
        orders = Order.objects.bulk_create(self._order(n, filed[n]) for n in numbers)
        lines = LineItem.objects.bulk_create(self._line(order, n) for order, n in zip(orders, numbers, strict=True))
        parcels = Fulfillment.objects.bulk_create(self._parcel(line, n) for line, n in zip(lines, numbers, strict=True))
        TrackingEvent.objects.bulk_create(
            scan for parcel, n in zip(parcels, numbers, strict=True) for scan in _scans(parcel, filed[n])
        )
        claims = Claim.objects.bulk_create(
            self._claim(order, n, filed[n]) for order, n in zip(orders, numbers, strict=True)
        )
        items = ClaimItem.objects.bulk_create(
            ClaimItem(claim=claim, line=line, quantity=1) for claim, line in zip(claims, lines, strict=True)
        )
        ClaimUnit.objects.bulk_create(ClaimUnit(item=item, line=item.line, unit=1, open=False) for item in items)
        Decision.objects.bulk_create(self._decision(item) for item in items if item.claim.outcome != "withdrawn")
        Likeness.objects.bulk_create(
            Likeness(claim=claim, shop=self.shop, kind=kind, digest=digest, filed_at=claim.submitted_at)
            for claim in claims
            for kind, digest in digests(claim.order).items()
        )
        JournalEntry.objects.bulk_create(
            JournalEntry(shop=self.shop, order=claim.order, action="claim.submitted", subject=claim.public_id,
                         by="customer", facts={"reason": claim.reason})
            for claim in claims
        )  # fmt: skip
        Evidence.objects.bulk_create(self._photo(claim) for claim in claims if claim.reason == "damaged")
        # auto_now_add wrote this minute; what is told of the past was written then.
        with connection.cursor() as cursor:
            for table, moment in (("evidence", "submitted_at"), ("claim", "submitted_at")):
                owner = "id" if table == "claim" else "claim_id"
                cursor.execute(
                    f"UPDATE protection_{table} t SET created_at = c.{moment} FROM protection_claim c "
                    f"WHERE c.id = t.{owner} AND c.id = ANY(%s)", [[claim.pk for claim in claims]],
                )  # fmt: skip
            cursor.execute(
                "UPDATE protection_decision d SET decided_at = c.decided_at FROM protection_claimitem i "
                "JOIN protection_claim c ON c.id = i.claim_id WHERE i.id = d.item_id AND c.id = ANY(%s)",
                [[claim.pk for claim in claims]],
            )

    def _order(self, n: int, filed: datetime) -> Order:
        customer = self.customers[n * 7919 % len(self.customers)]
        house = n * 7919 % len(self.customers)
        address = {
            "address1": f"{house} Test Street", "city": "Springfield", "zip": f"{10_000 + house % 80_000}",
            "country_code": ("US", "CA", "DE")[n % 3], "country": "", "phone": f"+1217{5_000_000 + house}",
        }  # fmt: skip
        placed = filed - timedelta(days=12)
        return Order(
            shop=self.shop, remote_id=FIRST + n, customer=customer, name=f"#{n}", email=customer.email, tags=["vip"],
            currency="USD", presentment_currency="USD", total=Decimal(20 + n % 90), shipping_address=address,
            amounts={"total": money(str(20 + n % 90))}, remote_created_at=placed, remote_updated_at=placed,
        )  # fmt: skip

    def _line(self, order: Order, n: int) -> LineItem:
        price = money(f"{20 + n % 90}.00")
        return LineItem(
            order=order, remote_id=FIRST + n, title="Teapot", sku=f"TEA-{n % 97}", quantity=1, current_quantity=1,
            amounts={"unit_price": price, "discount": money("0.00"), "tax": money("1.50")},
        )  # fmt: skip

    def _parcel(self, line: LineItem, n: int) -> Fulfillment:
        return Fulfillment(
            order=line.order, remote_id=FIRST + n, status="success", tracking_company=("DHL", "UPS", "USPS")[n % 3],
            lines=[{"line": line.remote_id, "quantity": 1}],
        )  # fmt: skip

    def _claim(self, order: Order, n: int, filed: datetime) -> Claim:
        reason, outcome = REASONS[n % 4], self.dice.choice(OUTCOMES)
        decided = None if outcome == "withdrawn" else filed + timedelta(hours=20)
        return Claim(
            order=order, reason=reason, rule=self.rules[reason], state="closed", outcome=outcome, next_actor="",
            filed_by="customer", submitted_at=filed, decided_at=decided, closed_at=filed + timedelta(days=2),
        )  # fmt: skip

    def _decision(self, item: ClaimItem) -> Decision:
        denied = item.claim.outcome == "denied"
        return Decision(
            item=item, verdict="deny" if denied else "approve", remedy="none" if denied else "replacement", quantity=1,
            units=[1], value=item.line.amounts["unit_price"], decided_by=self.user,
            reason_code="no_evidence" if denied else "",
        )  # fmt: skip

    def _photo(self, claim: Claim) -> Evidence:
        return Evidence(
            claim=claim, file=f"bench/{claim.pk}", content_type="image/jpeg", width=400, height=300, size=9_000,
            sha256=f"{self.dice.getrandbits(256):064x}", fingerprint=self.dice.getrandbits(63), uploaded_by="customer",
        )  # fmt: skip


def _scans(parcel: Fulfillment, filed: datetime) -> list[TrackingEvent]:
    told = (("in_transit", 9), ("out_for_delivery", 4), ("delivered", 3))
    return [
        TrackingEvent(fulfillment=parcel, remote_id=place, status=status, happened_at=filed - timedelta(days=days),
                      city="Springfield", zip="62701", country="US")
        for place, (status, days) in enumerate(told)
    ]  # fmt: skip


def draft(shop: Shop) -> RoutingVersion:
    """A rule that asks for every part of the facts."""
    rule = RoutingRule.objects.create(name=f"Bench {shop.domain[:8]}", shop=shop)
    asks = [
        ("value", "at_most", "80"), ("customer_claims", "at_most", 2), ("address_claims", "at_most", 3),
        ("customer_days", "at_least", 1), ("days_since_scan", "at_least", 2), ("photo_used_before", "is", False),
        ("dispute_open", "is", False), ("replacement", "is", False), ("basis", "one_of", ["covered"]),
        ("delivered_elsewhere", "is", False), ("carrier", "one_of", ["DHL", "UPS"]),
    ]  # fmt: skip
    conditions = [{"field": field, "operator": operator, "value": value} for field, operator, value in asks]
    said = rules.Draft("approve", conditions, cap_claim="100", cap_customer="500", cap_day="100000")
    return rules.write_draft(rule, said, by="bench")


if __name__ == "__main__":
    past = Past(int(sys.argv[1]))
    for start in range(0, past.count, A_TIME):
        past.write(range(start, min(past.count, start + A_TIME)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps(draft(past.shop).rule.name))
