"""Personal data that was erased stays erased, whatever an old message or a new read brings (docs/privacy.md)."""

from typing import Any

from django.db.models import Model

from orders.models import Customer, FulfillmentOrder, LineItem, Order, Refund, TrackingEvent

# Columns that are blank once the order (or the customer) is redacted, by what they belong to.
COLUMNS: dict[type[Model], frozenset[str]] = {
    Customer: frozenset({"email", "phone", "first_name", "last_name"}),
    Order: frozenset("email phone note attributes tags po_number shipping_address billing_address".split()),
    LineItem: frozenset({"properties"}),
    TrackingEvent: frozenset({"city", "zip", "message"}),
    FulfillmentOrder: frozenset({"destination"}),
    Refund: frozenset({"note"}),
}
# What people may write into the lists of a part: holds of a fulfillment order, lines of a return.
_WORDS = ("note", "notes")


def kept(owner: Order | Customer, kind: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """`values` of a `kind` that may be written: all, or without personal data when its owner is redacted.

    A column left out keeps what redaction left in it (a country, for the lanes), and is blank in a new row.
    """
    if owner.redacted_at is None:
        return values
    columns = COLUMNS.get(kind, frozenset())
    return {name: _wordless(value) for name, value in values.items() if name not in columns}


def _wordless(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{**part, **{word: "" for word in _WORDS if word in part}} if isinstance(part, dict) else part
            for part in value]  # fmt: skip
