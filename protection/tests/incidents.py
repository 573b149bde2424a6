"""Claims and parcels by the dozen for tests of incidents: rows as the clock finds them, without filing each."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from orders.models import Order
from orders.tests.builders import NOON, make_shop
from protection.models import ClaimTraits
from protection.tests.builders import make_claim, make_covered_order
from protection.tests.parcels import send

TODAY = date(2026, 11, 30)
SENT = date(2026, 11, 20)


def real_claims(number: int, day: date = SENT, carrier: str = "DHL", to: str = "FR", **fields: Any) -> list[Any]:
    """Claims in review on parcels of one lane, shipped on one day, filed by the usual door."""
    return [make_claim(shipped(day, carrier, to, **fields)) for _ in range(number)]


def shipped(day: date = SENT, carrier: str = "DHL", to: str = "FR", **fields: Any) -> Order:
    shop = make_shop()
    shop.country = "DE"
    shop.save()
    address = {"first_name": "Zoë", "address1": "1 rue du Test", "city": "Paris", "country_code": to}
    order = make_covered_order(*fields.pop("lines", ()), shop=shop, **fields)
    Order.objects.filter(pk=order.pk).update(shipping_address=address)
    at = datetime.combine(day, time(12), tzinfo=NOON.tzinfo)
    parcel = send(order, ("in_transit", min(at + timedelta(days=1), timezone.now() - timedelta(days=30))), sent_at=at)
    parcel.tracking_company = carrier
    parcel.save()
    order.refresh_from_db()
    return order


def past_claims(shop: Any, counts: Iterable[tuple[date, int]], **fields: Any) -> None:
    """Traits of so many claims for each day shipped, on copies of one closed claim; much faster than filing them."""
    values = {"reason": "lost", "carrier": "DHL", "origin": "DE", "destination": "FR", "location_id": None,
              "skus": ["TEAPOT"], **fields}  # fmt: skip
    days = [day for day, number in counts for _ in range(number)]
    model = make_claim(make_covered_order(shop=shop))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO protection_claim (public_id, order_id, reason, description, state, outcome, next_actor,
                filed_by, override_reason, choices, found_open, appeal_why, not_again_by, version, closed_at,
                created_at, updated_at)
            SELECT 'clm_' || gen_random_uuid(), order_id, %s, '', 'closed', 'approved', '', 'x', '', '[]', false, '',
                '[]', 1, now(), now(), now() FROM protection_claim, generate_series(1, %s) WHERE id = %s
            RETURNING id""",
            [values["reason"], len(days), model.pk],
        )
        keys = [row[0] for row in cursor.fetchall()]
    ClaimTraits.objects.bulk_create(
        ClaimTraits(claim_id=key, shop=shop, shipped_on=day, filed_on=day, **values)
        for key, day in zip(keys, days, strict=True)
    )
    ClaimTraits.objects.filter(claim=model).delete()
    model.items.all().delete()
    model.delete()
