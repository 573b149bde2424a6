"""What the console says of the parts of an order beside its parcels: what is still to send, payments, returns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from backoffice.templatetags.words import words
from orders.admin.order_facts import UNKNOWN_LINE
from orders.admin.part_story import PAYMENTS
from orders.models import FulfillmentOrder, LineItem, Payment, Return

SETTLED = {"success": "good", "failure": "bad", "error": "bad"}


@dataclass(frozen=True, slots=True)
class ToSend:
    """Units that one location is still to send; `held` says why they wait, empty when nothing holds them up."""

    units: list[str]
    place: str
    status: str
    held: list[str]


def to_send(works: Iterable[FulfillmentOrder], lines: Iterable[LineItem]) -> list[ToSend]:
    titles = {line.remote_id: str(line) for line in lines}
    return [
        ToSend(
            units=[f"{p['remaining']} × {titles.get(p['line'], UNKNOWN_LINE)}" for p in work.lines if p["remaining"]],
            place=work.location_name or "a location",
            status=words(work.status).lower(),
            held=[": ".join(filter(None, (words(hold["reason"]), hold["notes"]))) for hold in work.holds],
        )
        for work in works
        if work.units_to_send
    ]


def payment_rows(payments: Iterable[Payment]) -> list[dict[str, Any]]:
    """Movements of money and tries at them, in words; only what succeeded has moved any."""
    return [
        {
            "payment": payment,
            "kind": PAYMENTS.get(payment.kind, words(payment.kind)),
            "status": words(payment.status),
            "tone": SETTLED.get(payment.status, "warn"),
        }
        for payment in payments
    ]


def return_rows(returns: Iterable[Return], lines: Iterable[LineItem]) -> list[dict[str, Any]]:
    """Returns with their units, and how many of them have arrived."""
    titles = {line.remote_id: str(line) for line in lines}
    return [
        {
            "back": back,
            "units": [
                f"{part['quantity']} × {titles.get(part['line'], UNKNOWN_LINE)}"
                + (f" ({words(part['reason']).lower()})" if part.get("reason") else "")
                for part in back.lines
            ],
            "arrived": sum(part.get("processed") or 0 for part in back.lines),
            "exchanges": sum(part.get("quantity") or 0 for part in back.exchanges),
        }
        for back in returns
    ]
