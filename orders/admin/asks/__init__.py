"""What staff may ask the shop to change, form by form; their order is that of the tabs."""

from orders.admin.asks import money, parcels, values
from orders.admin.asks.form import CHANGE, Form

FORMS: dict[str, Form] = {form.kind: form for form in (*values.FORMS, *parcels.FORMS, *money.FORMS)}


def permission_of(kind: str) -> str:
    """What somebody needs who decides about a change of this kind."""
    return FORMS[kind].permission if kind in FORMS else CHANGE
