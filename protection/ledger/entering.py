"""What a remedy really cost, written down by a person afterwards; until then its parts count as usual."""

from collections.abc import Mapping
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from orders.money import minor_units, text_of
from protection import resolutions
from protection.models import Resolution
from protection.verdicts import DecisionRefused

PARTS = ("goods", "label", "duty")
MOST = Decimal(10) ** 12


@transaction.atomic
def enter_costs(resolution: Resolution, costs: Mapping[str, Decimal | None], *, user: User) -> Resolution:
    """Keep what goods, label and duty of a remedy cost, in the shop's currency; None (or nothing said): as usual again.

    Journals resolution.costed. Raises DecisionRefused: not_carried_out, no_goods (only replacements have some),
    invalid_amount.
    """
    resolution = resolutions.locked_remedy(resolution)
    if resolution.state != Resolution.State.EXECUTED:
        state = resolution.get_state_display().lower()
        raise DecisionRefused(f"This remedy is {state}; only what was carried out has a cost.", "not_carried_out")
    currency = resolution.claim.order.currency
    said = {part: amount for part in PARTS if (amount := costs.get(part)) is not None}
    if "goods" in said and resolution.kind != Resolution.Kind.REPLACEMENT:
        raise DecisionRefused("Only a replacement sends goods.", "no_goods", "/goods")
    for part, amount in said.items():
        _check(part, amount, currency)
    entered = {part: {"amount": text_of(amount, currency), "currency": currency} for part, amount in said.items()}
    if entered != resolution.cost.get("entered", {}):
        resolution.cost = {**resolution.cost, "entered": entered}
        resolution.save(update_fields=["cost", "updated_at"])
        # What things cost is nobody's business outside: partners read the journal, so it names the parts only.
        resolutions.journal(resolution, "costed", f"staff:{user.get_username()}", parts=list(entered))
    return resolution


def _check(part: str, amount: Decimal, currency: str) -> None:
    digits = -int(amount.normalize().as_tuple().exponent) if amount.is_finite() else 99
    if not amount.is_finite() or not 0 <= amount < MOST or digits > minor_units(currency):
        raise DecisionRefused(f"The amount must be 0 or more, and payable in {currency}.", "invalid_amount", f"/{part}")
