"""The terms every installation begins with. Carriers and blogs disagree: marked as defaults, for the merchant to check.

The days are those of the field's guides: USPS takes a lost parcel from the 15th day after it was sent (Express: the
7th), UPS and FedEx about 5 days after the promised date; most close near 60 days; cover without an extra is 100 USD.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps as global_apps

from protection.models import Claim
from protection.models.carrier import plain_name

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)  # before any parcel we can read
REASONS = [
    Claim.Reason.LOST.value,
    Claim.Reason.DAMAGED.value,
    Claim.Reason.MISSING_ITEM.value,
    Claim.Reason.NOT_RECEIVED.value,
]
_PAPERS = ["Invoice", "Photos of item, packaging and label", "Tracking", "The recipient's statement"]
_COMMON: dict[str, Any] = {
    "closes_from": ["ship_date", "last_scan"],
    "closes_after": 60,
    "cover": Decimal(100),
    "cover_currency": "USD",
    "reasons": REASONS,
    "documents": _PAPERS,
    "note": "Default of this program: compare it with the carrier's own terms. Missing items are paid after the "
    "carrier has examined the parcel: keep the packaging.",
}
_AFTER_PROMISE: dict[str, Any] = {"opens_from": ["promised_date", "last_scan", "ship_date"], "opens_after": 5}
_USPS = "https://www.usps.com/help/claims.htm"

DEFAULTS: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "USPS": (
        ["United States Postal Service", "US Postal Service", "Stamps.com"],
        [
            {"opens_from": ["ship_date"], "opens_after": 15, "url": _USPS},
            {"service": "express", "opens_from": ["ship_date"], "opens_after": 7, "url": _USPS},
        ],
    ),
    "UPS": (
        ["United Parcel Service", "UPS® Ground"],
        [{**_AFTER_PROMISE, "url": "https://www.ups.com/us/en/support/file-a-claim"}],
    ),
    "FedEx": (
        ["Federal Express", "FedEx Ground", "FedEx Home Delivery", "FedEx Express"],
        [{**_AFTER_PROMISE, "url": "https://www.fedex.com/en-us/customer-support/claims.html"}],
    ),
}


def ensure(apps: Any = global_apps, **_: Any) -> None:
    """Make each carrier with its terms where none goes by its names; run after every migration and emptying.

    `apps` are the models as the migration leaves them: one that stops before carriers exist has none.
    """
    try:
        carriers = apps.get_model("protection", "Carrier").objects
    except LookupError:
        return
    rows_known = carriers.values_list("name", "aliases")
    known = {plain_name(one) for name, aliases in rows_known for one in [name, *aliases]}
    for name, (aliases, rows) in DEFAULTS.items():
        if known.isdisjoint(plain_name(one) for one in [name, *aliases]):
            carrier = carriers.create(name=name, aliases=aliases)
            for fields in rows:
                carrier.terms.create(effective_from=BEGIN, is_default=True, **{**_COMMON, **fields})
