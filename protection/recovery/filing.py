"""Filing with the carrier, one or many at once, and what the carrier answers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from orders.money import Money, minor_units, text_of
from protection.models import Carrier, Recovery
from protection.recovery.actors import Actor, RecoveryRefused, begin
from protection.recovery.deadlines import zone_of

State = Recovery.State
MOST_REFERENCE = 255


@transaction.atomic
def file(
    recovery: Recovery,
    *,
    actor: Actor,
    amount: Decimal | None = None,
    currency: str = "",
    reference: str = "",
    note: str = "",
    why: str = "",
    now: datetime | None = None,
) -> Recovery:
    """It was filed with the carrier, for `amount` or what is expected; a denied one is filed again.

    Before the carrier takes it or after the last day only with `why`. Raises RecoveryRefused: amount_missing,
    invalid_amount, too_early, too_late, and what the table of verbs says.
    """
    recovery, now = begin(recovery, "file", actor), now or timezone.now()
    if len(reference.strip()) > MOST_REFERENCE:
        raise RecoveryRefused("too_long", f"A reference has at most {MOST_REFERENCE} characters.", "/reference")
    if currency and currency != recovery.currency:
        if amount is None:
            raise RecoveryRefused("amount_missing", "Another currency needs its amount.", "/amount")
        if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
            raise RecoveryRefused("invalid_currency", "The code of a currency, such as USD.", "/currency")
        recovery.currency, recovery.expected = currency, None
        recovery.expected_from = {"why_not": "It was filed in another currency."}
    wanted = amount if amount is not None else recovery.claimed or recovery.expected
    if wanted is None:
        raise RecoveryRefused("amount_missing", "Nobody can tell what to expect; say the amount.", "/amount")
    check_amount(wanted, recovery.currency, "/amount")
    _check_days(recovery, why, now)
    recovery.claimed, recovery.filed_at = wanted, now
    recovery.reference = reference.strip() or recovery.reference
    recovery.note = note.strip() or recovery.note
    recovery.approved, recovery.answered_at, recovery.asked, recovery.why = None, None, "", why.strip()
    recovery.over_reason = ""
    recovery.move_to(State.FILED, by=actor.by, amount=_money(recovery, wanted), reference=recovery.reference,
                     **({"why": why.strip()} if why.strip() else {}))  # fmt: skip
    return recovery


@dataclass(slots=True)
class Filed:
    """What became of many: how many were filed, and those that were not, with the reason."""

    done: int = 0
    refused: list[tuple[Recovery, str]] = field(default_factory=list)


def file_many(recoveries: Iterable[Recovery], carrier: Carrier, *, actor: Actor, reference: str) -> Filed:
    """Filed with one carrier under one reference, each for what is expected; one that cannot be holds up no other."""
    if not reference.strip():
        raise RecoveryRefused("reference_missing", "Say the reference they were filed under.", "/reference")
    filed = Filed()
    for recovery in recoveries:
        try:
            if recovery.carrier_id != carrier.pk:
                raise RecoveryRefused("other_carrier", f"It was not carried by {carrier}.")
            if recovery.state != State.ELIGIBLE:
                raise RecoveryRefused("wrong_state", f"It stands at “{recovery.get_state_display().lower()}”.")
            file(recovery, actor=actor, reference=reference)
            filed.done += 1
        except RecoveryRefused as refusal:
            filed.refused.append((recovery, str(refusal)))
    return filed


@transaction.atomic
def carrier_asks(recovery: Recovery, asked: str, *, actor: Actor) -> Recovery:
    """The carrier wants to know more; raises RecoveryRefused."""
    recovery = begin(recovery, "ask", actor)
    if not asked.strip():
        raise RecoveryRefused("nothing_asked", "Say what the carrier asks for.", "/asked")
    recovery.asked = asked.strip()
    recovery.move_to(State.NEEDS_INFO, by=actor.by, question=recovery.asked)
    return recovery


@transaction.atomic
def inform(recovery: Recovery, note: str = "", *, actor: Actor) -> Recovery:
    """The carrier was sent what it asked for; raises RecoveryRefused."""
    recovery = begin(recovery, "inform", actor)
    recovery.asked, recovery.note = "", note.strip() or recovery.note
    recovery.move_to(State.FILED, by=actor.by, amount=_money(recovery, recovery.claimed), reference=recovery.reference)
    return recovery


@transaction.atomic
def approve(recovery: Recovery, amount: Decimal | None = None, *, actor: Actor, why: str = "") -> Recovery:
    """The carrier will pay `amount`, or what was claimed; more than that only with `why`. Raises RecoveryRefused."""
    recovery = begin(recovery, "approve", actor)
    granted = recovery.claimed if amount is None else amount
    assert granted is not None  # what is filed has an amount: a constraint
    check_amount(granted, recovery.currency, "/amount")
    recovery.approved, recovery.answered_at = granted, timezone.now()
    recovery.over_reason = _over(recovery, granted, why)
    recovery.move_to(State.APPROVED, by=actor.by, amount=_money(recovery, granted))
    return recovery


@transaction.atomic
def deny(recovery: Recovery, why: str, *, actor: Actor) -> Recovery:
    """The carrier refuses, and why; it can be filed again or written off. Raises RecoveryRefused."""
    recovery = begin(recovery, "deny", actor)
    if not why.strip():
        raise RecoveryRefused("reason_missing", "Say why the carrier refuses.", "/why")
    recovery.why, recovery.approved, recovery.answered_at = why.strip(), None, timezone.now()
    recovery.move_to(State.DENIED, by=actor.by, why=recovery.why)
    return recovery


@transaction.atomic
def pay(
    recovery: Recovery, amount: Decimal | None = None, *, actor: Actor, on: date | None = None, why: str = ""
) -> Recovery:
    """The carrier's money came: `amount`, or what was approved or claimed. More than was claimed only with `why`.

    `on` is the day in the shop's time zone, today unless said. Raises RecoveryRefused: invalid_amount,
    more_than_claimed, date_in_future, date_before_filing, and what the table of verbs says.
    """
    recovery = begin(recovery, "pay", actor)
    came = amount if amount is not None else recovery.approved or recovery.claimed
    assert came is not None  # what is filed has an amount: a constraint
    check_amount(came, recovery.currency, "/amount")
    zone = zone_of(recovery.order.shop)
    today = timezone.now().astimezone(zone).date()
    day = on or today
    if day > today:
        raise RecoveryRefused("date_in_future", "That day has not come yet.", "/paid_on")
    if recovery.filed_at and day < recovery.filed_at.astimezone(zone).date():
        raise RecoveryRefused("date_before_filing", "That day lies before it was filed.", "/paid_on")
    recovery.over_reason = _over(recovery, came, why or recovery.over_reason)
    recovery.received, recovery.paid_on = came, day
    recovery.answered_at = recovery.answered_at or timezone.now()
    recovery.move_to(State.PAID, by=actor.by, amount=_money(recovery, came), paid_on=day.isoformat(),
                     **({"why": recovery.over_reason} if recovery.over_reason else {}))  # fmt: skip
    return recovery


def check_amount(amount: Decimal, currency: str, pointer: str) -> None:
    """Raise RecoveryRefused unless this can be paid in the currency."""
    payable = amount.is_finite() and 0 < amount < 10**12
    if not payable or -int(amount.normalize().as_tuple().exponent) > minor_units(currency):
        raise RecoveryRefused("invalid_amount", f"The amount must be above 0 and payable in {currency}.", pointer)


def _over(recovery: Recovery, amount: Decimal, why: str) -> str:
    if recovery.claimed is None or amount <= recovery.claimed:
        return ""
    if not why.strip():
        claimed = Money(recovery.claimed, recovery.currency)
        raise RecoveryRefused("more_than_claimed", f"Only {claimed} were claimed; say why more came.", "/amount")
    return why.strip()


def _check_days(recovery: Recovery, why: str, now: datetime) -> None:
    """The terms may be wrong, and a carrier may be kind: with a reason it is filed on any day."""
    if recovery.state != State.ELIGIBLE or why.strip():
        return
    if recovery.opens_at and now < recovery.opens_at:
        day = recovery.opens_at.astimezone(zone_of(recovery.order.shop))
        raise RecoveryRefused(
            "too_early", f"The carrier takes it from {day:%-d %b %Y} on. Say why it is filed before.", "/why"
        )
    if recovery.deadline and now >= recovery.deadline:
        raise RecoveryRefused(
            "too_late",
            f"The last day to file was {recovery.last_day:%-d %b %Y}. Say why it is filed all the same.",
            "/why",
        )


def _money(recovery: Recovery, amount: Decimal | None) -> dict[str, str] | None:
    money = recovery.money(amount)
    return {"amount": text_of(money.amount, money.currency), "currency": money.currency} if money else None
