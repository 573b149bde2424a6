"""Erasing a person's data from orders, for good: names, addresses, e-mails, phones, and every text that may hold them.

Kept for the books, and because it names nobody: lines, amounts, refunds, dates, ids, the country and province and the
first part of the postcode. `redacted_at` keeps what was blanked from coming back with an old message.
"""

import re
from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from orders.journal import record
from orders.models import Change, Customer, Fulfillment, JournalEntry, Order, TrackingEvent

ERASED = "(erased)"
AREA = 3  # characters of a postcode that are kept: a region of thousands of people
# Facts of the journal that are written by people or come from outside as free text.
FREE_TEXT = {"question", "why", "note", "reason", "description", "message", "failure", "answer", "text"}
_PLACE = {"country", "country_code", "province_code"}
_SWITCHES = {"", "1", "0", "true", "false", "yes", "no", "on", "off"}
_VALUES = (Change.Kind.ADDRESS, Change.Kind.CONTACT, Change.Kind.NOTE, Change.Kind.TAGS)


def personal_values(order: Order) -> set[str]:
    """Texts that name this order's people, to be looked for in texts that others wrote. Short ones would hit words."""
    found = {order.email, order.phone}
    for address in (order.shipping_address, order.billing_address):
        address = address or {}
        names = [address.get("first_name", ""), address.get("last_name", "")]
        found |= {*names, " ".join(names).strip(), address.get("address1", ""), address.get("address2", "")}
        found |= {address.get("phone", ""), address.get("company", ""), address.get("zip", "")}
    if order.customer:
        found |= customer_values(order.customer)
    return {value.strip() for value in found if value and len(value.strip()) > 2}


def customer_values(customer: Customer) -> set[str]:
    """The same of a customer."""
    found = {customer.email, customer.phone, customer.first_name, customer.last_name, customer.full_name}
    return {value for value in found if len(value) > 2}


def scrubbed(value: Any, personal: Collection[str]) -> Any:
    """JSON with every personal value replaced, and free text (whole sentences under the names of FREE_TEXT) erased."""
    pattern = re.compile("|".join(re.escape(one) for one in sorted(personal, key=len, reverse=True)), re.IGNORECASE)

    def clean(inner: Any, name: str = "") -> Any:
        if isinstance(inner, str):
            if name in FREE_TEXT and " " in inner.strip():
                return ERASED
            return pattern.sub(ERASED, inner) if personal else inner
        if isinstance(inner, dict):
            return {key: clean(one, key) for key, one in inner.items()}
        if isinstance(inner, list):
            return [clean(one, name) for one in inner]
        return inner

    return clean(value)


def scrubbed_text(row: Model, column: str, personal: Collection[str]) -> str:
    """The text of a column, scrubbed, as long as fits: a short name is shorter than what stands for it afterwards."""
    most: int | None = getattr(row._meta.get_field(column), "max_length", None)
    return str(scrubbed(getattr(row, column), personal))[:most]


@transaction.atomic
def erase_order(order: Order, *, by: str) -> bool:
    """Erase what is personal in one order and all its parts; False when it was done before.

    Floors above erase theirs in the same transaction, before this: they need to know which values to look for.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("shop", "customer").get(pk=order.pk)
    first_time = order.redacted_at is None
    personal = personal_values(order)
    order.email = order.phone = order.note = order.po_number = ""
    order.shipping_address = _area(order.shipping_address)
    order.billing_address = _area(order.billing_address)
    order.attributes = [_erased_pair(one) for one in order.attributes]
    order.tags = scrubbed(order.tags, personal)
    order.digest = ""
    order.redacted_at = order.redacted_at or timezone.now()
    order.version += 1
    order.save()
    _erase_parts(order, personal)
    _erase_changes(order, personal)
    scrub_journal(JournalEntry.objects.filter(order=order), personal)
    if first_time:
        record("order.redacted", shop=order.shop, order=order, by=by)
    return first_time


def _area(address: dict[str, str] | None) -> dict[str, str] | None:
    """Where in the world, not which door: lanes and statistics still work."""
    if address is None:
        return None
    postcode = address.get("zip", "")
    kept = {name: text if name in _PLACE else "" for name, text in address.items()}
    return {**kept, "zip": postcode[:AREA] if len(postcode) > AREA else ""}


def _erased_pair(pair: dict[str, Any]) -> dict[str, str]:
    """A cart attribute or line property; switches stay, for they name nobody and coverage may rest on one."""
    value = str(pair.get("value") or "")
    return {"name": str(pair.get("name") or ""), "value": value if value.strip().lower() in _SWITCHES else ERASED}


def _erase_parts(order: Order, personal: Collection[str]) -> None:
    for line in order.lines.exclude(properties=[]):
        line.properties = [_erased_pair(one) for one in line.properties]
        line.save(update_fields=["properties"])
    for work in order.fulfillment_orders.all():
        work.destination = _area(work.destination)
        work.holds = scrubbed([{**hold, "notes": ""} for hold in work.holds], personal)
        work.save(update_fields=["destination", "holds"])
    for back in order.returns.all():
        back.lines = [{**line, "note": ""} for line in back.lines]
        back.save(update_fields=["lines"])
    order.refunds.update(note="")
    parcels = Fulfillment.objects.filter(order=order)
    TrackingEvent.objects.filter(fulfillment__in=parcels).update(message="", city="", zip="")


def _erase_changes(order: Order, personal: Collection[str]) -> None:
    """A wish for a new address is the address; what is still to be sent is given up with it."""
    for change in Change.objects.select_for_update().filter(order=order):
        whole = change.kind in _VALUES
        for name in ("wanted", "base", "theirs", "result"):
            setattr(change, name, {} if whole else scrubbed(getattr(change, name), personal))
        change.failure = ERASED if change.failure else ""
        if whole and Change.State.WITHDRAWN in Change.MOVES[change.state]:
            change.state = Change.State.WITHDRAWN
        change.save()


def scrub_journal(entries: Any, personal: Collection[str]) -> int:
    """Scrub the facts of these entries; the one verb that the append-only trigger lets through. Returns how many."""
    count = 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL backoffice.redaction = 'on'")
    for entry in entries.only("id", "facts").iterator(chunk_size=500):
        facts = scrubbed(entry.facts, personal)
        if facts != entry.facts:
            JournalEntry.objects.filter(pk=entry.pk).update(facts=facts)
            count += 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL backoffice.redaction = ''")
    return count


@transaction.atomic
def erase_customer(customer: Customer) -> bool:
    """Blank a customer; the row stays, for orders point to it. False when it was done before."""
    erased = Customer.objects.filter(pk=customer.pk, redacted_at=None)
    values = {"email": "", "phone": "", "first_name": "", "last_name": "", "redacted_at": timezone.now()}
    return bool(erased.update(**values))
