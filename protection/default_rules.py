"""The rules every shop begins with: what the field does at its best (docs/claim-rules.md says why)."""

from datetime import UTC, datetime
from typing import Any

from django.apps import apps as global_apps

from protection.models import Claim

Reason = Claim.Reason
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)  # before any order we can read, so that each of them has a rule

_PHOTOS = [
    {"from": "0", "needs": ["photo"]},
    {"from": "150", "needs": ["photo", "packaging_photo", "label_photo"]},
]
_DELIVERED = [
    {"from": "0", "needs": []},
    {"from": "150", "needs": ["declaration"]},
    {"from": "500", "needs": ["declaration", "proof_of_delivery"]},
]
_SEND_AGAIN = ["replacement", "exchange", "refund", "store_credit", "gift_card"]
_NOT_SEEN = [
    "Have you looked where parcels are left, and with your neighbours?",
    "Did anyone in your household take it in?",
    "Is the address on the order right?",
]


def _days(domestic: int, abroad: int, latest: int) -> dict[str, Any]:
    return {
        "earliest_domestic": domestic,
        "earliest_international": abroad,
        "latest_domestic": latest,
        "latest_international": latest,
    }


DEFAULTS: dict[str, dict[str, Any]] = {
    Reason.LOST: {
        "anchors": ["last_scan", "promised_date", "ship_date"],
        **_days(7, 20, 60),
        "hours_past_promise": 48,
        "evidence": [{"from": "0", "needs": []}, {"from": "300", "needs": ["declaration"]}],
        "remedies": _SEND_AGAIN,
        "pays_shipping": True,
    },
    Reason.NOT_RECEIVED: {
        "anchors": ["delivery_scan"],
        **_days(2, 2, 30),
        "evidence": _DELIVERED,
        "questions": _NOT_SEEN,
        "remedies": _SEND_AGAIN,
    },
    Reason.STOLEN: {
        "anchors": ["delivery_scan"],
        **_days(0, 0, 30),
        "evidence": _DELIVERED,
        "questions": ["What did you see, or what does your camera show?"],
        "remedies": _SEND_AGAIN,
    },
    Reason.DAMAGED: {
        "anchors": ["delivery_scan"],
        **_days(0, 0, 30),
        "evidence": _PHOTOS,
        "questions": ["Was the packaging damaged as well?"],
        "remedies": _SEND_AGAIN,
    },
    Reason.WRONG_ITEM: {
        "anchors": ["delivery_scan"],
        **_days(0, 0, 30),
        "evidence": _PHOTOS,
        "questions": ["What did you get instead?"],
        "remedies": _SEND_AGAIN,
        "return_needed": True,
    },
    Reason.MISSING_ITEM: {
        "anchors": ["delivery_scan"],
        **_days(0, 0, 30),
        "evidence": _PHOTOS,
        "questions": ["Was the parcel closed when it came?"],
        "remedies": _SEND_AGAIN,
    },
    Reason.RETURNED: {
        "anchors": ["rts_scan"],
        **_days(0, 0, 30),
        "evidence": [{"from": "0", "needs": ["corrected_address"]}],
        "remedies": ["replacement", "refund", "store_credit"],
    },
    Reason.WRONG_ADDRESS: {
        "anchors": ["delivery_scan", "rts_scan", "last_scan", "ship_date"],
        **_days(0, 0, 30),
        "evidence": [{"from": "0", "needs": ["corrected_address"]}],
        "questions": ["Which part of the address is wrong?"],
        "remedies": ["replacement", "store_credit", "refund"],
    },
    Reason.DELAYED: {
        "anchors": ["promised_date", "ship_date"],
        **_days(5, 10, 60),
        "remedies": ["goodwill", "store_credit"],
    },
    Reason.CUSTOMS: {
        "anchors": ["last_scan", "ship_date"],
        **_days(10, 10, 60),
        "questions": ["Did customs or the carrier ask you for papers or money?"],
        "remedies": ["replacement", "refund", "store_credit"],
        "pays_shipping": True,
    },
}


def ensure(apps: Any = global_apps, **_: Any) -> None:
    """Give each reason its first default rule where it has none; run after every migration and emptying.

    `apps` are the models as the migration leaves them: one that stops before the rules exist has none.
    """
    try:
        rules = apps.get_model("protection", "ReasonRule").objects
    except LookupError:
        return
    known = set(rules.filter(shop=None).values_list("reason", flat=True))
    for reason, fields in DEFAULTS.items():
        if reason not in known:
            rules.create(reason=reason, number=1, effective_from=BEGIN, **fields)
