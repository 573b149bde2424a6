"""The journal told to people: one sentence an entry. Floors above add theirs with `tells`.

An action nobody tells is shown as its name in words, so nothing that happened is ever hidden.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from orders.admin.parcels import say
from orders.models import JournalEntry

Teller = Callable[[dict[str, Any]], str]
_tellers: dict[str, Teller] = {}


def tells(action: str) -> Callable[[Teller], Teller]:
    """Declare the function that turns the facts of `action` into a sentence (without its subject: who did it)."""

    def declare(teller: Teller) -> Teller:
        _tellers[action] = teller
        return teller

    return declare


@dataclass(frozen=True, slots=True)
class Told:
    entry: JournalEntry
    sentence: str
    who: str
    tone: str


def story(entries: Iterable[JournalEntry]) -> list[Told]:
    return [Told(entry, sentence(entry), who(entry.by), tone(entry.action)) for entry in entries]


def sentence(entry: JournalEntry) -> str:
    """What happened, in words. A teller that meets facts it does not understand must not hide the entry."""
    teller = _tellers.get(entry.action)
    plain = entry.action.replace(".", " ").replace("_", " ").capitalize()
    try:
        return teller(entry.facts) if teller else plain
    except (KeyError, TypeError, ValueError, AttributeError):
        return plain


def who(by: str) -> str:
    """staff:ana → ana; partner:demo → demo (partner); customer:ord_… → the customer; shopify → Shopify."""
    kind, _, name = by.partition(":")
    if kind == "customer":
        return "the customer"
    if name:
        return name if kind == "staff" else f"{name} ({kind})"
    return {"shopify": "Shopify", "system": "the system"}.get(by, by)


def tone(action: str) -> str:
    subject, _, verb = action.partition(".")
    if verb in ("failed", "conflict", "exceeded", "unbalanced", "doubled", "unexpected", "deleted", "cancelled"):
        return "bad"
    return {"claim": "info", "resolution": "good"}.get(subject, "")


_FIELDS = {
    "lines": "items",
    "shipping_address": "shipping address",
    "billing_address": "billing address",
    "financial_status": "payment status",
    "fulfillment_status": "fulfilment status",
    "amounts": "amounts",
    "customer_id": "customer",
    "closed_at": "archiving",
}


def changed_in_words(facts: dict[str, Any]) -> str:
    """The fields that a fact names as changed."""
    names = [_FIELDS.get(name, str(name).replace("_", " ")) for name in facts.get("changed", [])]
    return ", ".join(names) or "details"


@tells("order.created")
def _created(facts: dict[str, Any]) -> str:
    return f"Order {facts['name']} came in{' (a test order)' if facts.get('test') else ''}"


@tells("order.imported")
def _imported(facts: dict[str, Any]) -> str:
    return f"Order {facts['name']} came in with the store's history{' (a test order)' if facts.get('test') else ''}"


@tells("order.updated")
def _updated(facts: dict[str, Any]) -> str:
    return f"Order changed: {changed_in_words(facts)}"


@tells("order.cancelled")
def _cancelled(facts: dict[str, Any]) -> str:
    return "Order cancelled"


@tells("order.deleted")
def _deleted(facts: dict[str, Any]) -> str:
    return f"Order {facts['name']} was deleted at the shop; it is kept here"


@tells("order.redacted")
def _redacted(facts: dict[str, Any]) -> str:
    return "Personal data erased by request; amounts and dates are kept"


@tells("fulfillment.created")
def _parcel_made(facts: dict[str, Any]) -> str:
    return f"Parcel made{_tracking(facts['tracking'])}"


@tells("fulfillment.updated")
def _parcel_changed(facts: dict[str, Any]) -> str:
    return f"Parcel changed: {changed_in_words(facts)}{_tracking(facts['tracking'])}"


def _tracking(tracking: dict[str, Any]) -> str:
    words = " ".join([tracking.get("company") or "", *tracking.get("numbers", [])]).strip()
    return f" ({words})" if words else ""


@tells("tracking.scanned")
def _scanned(facts: dict[str, Any]) -> str:
    return f"Carrier scan: {say(facts['status']).lower()}"


@tells("tracking.removed")
def _unscanned(facts: dict[str, Any]) -> str:
    return f"Carrier scan taken back: {say(facts['status']).lower()}"


@tells("refund.created")
def _refunded(facts: dict[str, Any]) -> str:
    units = sum(facts["units"].values())
    return f"Refund of {units} unit{'s' if units != 1 else ''}" if units else "Refund without items"


@tells("refund.updated")
def _refund_changed(facts: dict[str, Any]) -> str:
    return f"Refund changed: {changed_in_words(facts)}"


@tells("dispute.opened")
@tells("dispute.updated")
def _disputed(facts: dict[str, Any]) -> str:
    return f"{say(facts['kind'] or 'dispute')} at the customer's bank: {say(facts['status']).lower()}"


@tells("entitlement.exceeded")
def _exceeded(facts: dict[str, Any]) -> str:
    units = facts["units"]
    return f"{units} unit{'s' if units != 1 else ''} refunded although already used: paid for twice, please look"
