"""The box on the claim page that says what the carrier owes: read with the claim itself, for the page asks enough."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, TextField
from django.db.models.functions import Cast, Coalesce, JSONObject

from protection.admin.recovery_page import STATE_TONES
from protection.models import Claim, Recovery
from protection.recovery import words

State = Recovery.State
AMOUNTS = ("expected", "claimed", "approved", "received")


@dataclass(frozen=True, slots=True)
class CarrierCase:
    """One case of the box. `sentence` is such as "file by 12 Dec 2026 (7 days left), 50.00 USD expected"."""

    pk: int
    title: str
    state: str
    tone: str
    sentence: str
    doubt: str


def recoveries_of_claim() -> ArraySubquery:
    """To annotate claims with: the facts of their recoveries, oldest first."""
    named = Coalesce("carrier__name", "carrier_name", output_field=CharField())
    amounts = {name: Cast(name, TextField()) for name in AMOUNTS}  # a JSON number would become a float
    facts = JSONObject(pk="pk", name=named, parcel="parcel__name", state="state", last_day="last_day", why="why",
                       currency="currency", doubt="doubt", **amounts)  # fmt: skip
    return ArraySubquery(Recovery.objects.filter(claims=OuterRef("pk")).order_by("id").values_list(facts))


def carrier_cases(claim: Claim) -> list[CarrierCase]:
    """The cases of a claim that was read with `recoveries_of_claim` as `recovery_facts`."""
    return [_case(claim, facts) for facts in getattr(claim, "recovery_facts", [])]


def _case(claim: Claim, facts: dict[str, Any]) -> CarrierCase:
    known = {name: None if facts[name] is None else Decimal(facts[name]) for name in AMOUNTS}
    last_day = date.fromisoformat(facts["last_day"]) if facts["last_day"] else None
    recovery = Recovery(state=facts["state"], currency=facts["currency"], last_day=last_day, why=facts["why"], **known)
    recovery.order = claim.order
    return CarrierCase(
        pk=facts["pk"],
        title=", ".join(part for part in (facts["name"] or "Unknown carrier", facts["parcel"]) if part),
        state=recovery.get_state_display(),
        tone=STATE_TONES.get(State(recovery.state), ""),
        sentence=sentence(recovery),
        doubt=facts["doubt"],
    )


def sentence(recovery: Recovery) -> str:
    """How it stands, in a few words."""
    day = f"{recovery.last_day:%-d %b %Y}" if recovery.last_day else ""
    if recovery.state == State.ELIGIBLE:
        money = f"{recovery.money(recovery.expected) or 'an amount not known yet'} expected"
        days = f"file by {day} ({words.countdown(recovery)})" if day else "last day to file not known"
        return f"{days}, {money}"
    if recovery.state in (State.FILED, State.NEEDS_INFO):
        return f"{recovery.money(recovery.claimed)} claimed"
    if recovery.state == State.APPROVED:
        return f"{recovery.money(recovery.approved)} to come"
    if recovery.state == State.PAID:
        return f"{recovery.money(recovery.received)} received"
    return recovery.why if recovery.state != State.EXPIRED else f"nothing was filed until {day}"
