"""What a set of rules would have done with claims of the past, one after the other as they came into review."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from protection.models import Claim, RoutingVersion
from protection.risk.facts import Facts
from protection.risk.reading import Moment
from protection.routing.caps import DAY, Spent, passed, why_not
from protection.routing.conditions import all_hold
from protection.routing.running import PHOTO_PATIENCE

LEFT = "left"
OVER = frozenset({Claim.State.DECIDED, Claim.State.RESOLVING, Claim.State.CLOSED})
SAID = ("priority", "conditions", "action", "settings", *RoutingVersion.CAPS)


class Does(NamedTuple):
    """What a version would do with a claim: an action, or `left` and the code of why."""

    action: str
    why: str = ""


class Past(NamedTuple):
    """A claim of the past: when it was filed and what became of it."""

    pk: int
    submitted_at: datetime
    eligible_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    state: str
    outcome: str

    @property
    def was(self) -> str:
        """Its outcome, or open."""
        return self.outcome if self.outcome and self.state in OVER else "open"


def moment_of(claim: Past) -> Moment:
    """When the rules would have looked at a claim: when it was filed, or on the day it waited for.

    One that was decided or closed before its day was looked at then. Photos count that came while it was fresh.
    """
    ends = [moment for moment in (claim.eligible_at, claim.decided_at, claim.closed_at) if moment is not None]
    at = max(claim.submitted_at, min(ends)) if claim.eligible_at else claim.submitted_at
    return Moment(at, at + PHOTO_PATIENCE)


def as_said(version: RoutingVersion) -> dict[str, Any]:
    """What a version says, as JSON: a draft may be changed while it is tried."""
    caps = {name: None if (cap := getattr(version, name)) is None else str(cap) for name in RoutingVersion.CAPS}
    return {name: getattr(version, name) for name in SAID} | caps


def from_said(version: RoutingVersion, said: Mapping[str, Any]) -> RoutingVersion:
    """The version as it was when the trial was asked for; not stored."""
    caps = {name: said[name] and Decimal(said[name]) for name in RoutingVersion.CAPS}
    return RoutingVersion(pk=version.pk, rule=version.rule, number=version.number, **{**said, **caps})


def first_match(versions: Iterable[RoutingVersion], facts: Facts) -> RoutingVersion | None:
    """The first of these (sorted) versions that applies to this shop and fits."""
    return next(
        (
            version
            for version in versions
            if version.rule.shop_id in (None, facts.shop) and all_hold(version.conditions, facts)
        ),
        None,
    )


class Purse:
    """What the tried version has approved so far: by customer, and in the last 24 hours of each shop.

    `as_json` and `of_json` let it go on after a pause.
    """

    def __init__(self) -> None:
        self._by_customer: dict[str, Decimal] = {}
        self._recent: dict[str, list[tuple[datetime, Decimal]]] = {}

    def tries(self, version: RoutingVersion, facts: Facts, filed: datetime) -> Does:
        """What the version does with a claim that it fits; an approval is spent.

        Claims come as they were `filed`. One that waited was looked at later than some that come after it.
        """
        if version.action != RoutingVersion.Action.APPROVE:
            return Does(version.action)
        if why := why_not(version, facts):
            return Does(LEFT, why)
        amount = facts.value.amount
        shop = f"{facts.shop} {facts.value.currency}"
        customer = f"{shop} {facts.customer_id}"
        recent = self._recent.setdefault(shop, [])
        del recent[: bisect_right(recent, filed - DAY, key=lambda spent: spent[0])]
        today = (paid for at, paid in recent if facts.at - DAY < at <= facts.at)
        spent = Spent(self._by_customer.get(customer, Decimal(0)), sum(today, Decimal(0)))
        if why := passed(version, amount, spent):
            return Does(LEFT, why)
        self._by_customer[customer] = spent.by_customer + amount
        recent.append((facts.at, amount))
        recent.sort()
        return Does(version.action)

    def as_json(self) -> dict[str, Any]:
        recent = {shop: [[at.isoformat(), str(paid)] for at, paid in spent] for shop, spent in self._recent.items()}
        return {"customers": {key: str(paid) for key, paid in self._by_customer.items()}, "recent": recent}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> "Purse":
        purse = cls()
        purse._by_customer = {key: Decimal(paid) for key, paid in said.get("customers", {}).items()}
        purse._recent = {
            shop: [(datetime.fromisoformat(at), Decimal(paid)) for at, paid in spent]
            for shop, spent in said.get("recent", {}).items()
        }
        return purse


def sorted_set(versions: Sequence[RoutingVersion]) -> list[RoutingVersion]:
    """In the order they are asked."""
    return sorted(versions, key=lambda version: (version.priority, version.rule_id, version.number))
