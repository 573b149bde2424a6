"""Everything the claim page shows, read in a fixed number of queries whatever the size of the case."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import ExpressionWrapper, F, Func, JSONField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from orders.admin.order_facts import USED, LineRow, address_lines, line_rows, with_stock
from orders.admin.parcels import Parcel, parcels
from orders.admin.story import Told, story, who
from orders.models import Order, UnitUse
from orders.money import Money
from protection.admin.carrier_box import recoveries_of_claim
from protection.admin.pictures import Picture, strip
from protection.admin.proposals import Proposed, proposed
from protection.admin.routed import Routed, routed, routings
from protection.admin.talk import Talk, talk_of, with_talk
from protection.models import (
    Claim,
    ClaimItem,
    ClaimUnit,
    Consent,
    Coverage,
    Decision,
    Feedback,
    Incident,
    Proposal,
    Resolution,
    StatutoryDuty,
)
from protection.review import paid_for
from protection.risk.reading import Moment, facts_of
from protection.risk.words import Said, in_words
from protection.similar.nearest import Similar, nearest
from protection.standing import settled_by
from protection.statutory import duty_for

ORDER_BULK = ("amounts", "shipping_address", "billing_address", "attributes", "tags", "note")
STORY_LENGTH = 60
OTHERS = 6


@dataclass(frozen=True, slots=True)
class Other:
    """Another order of the same customer, or another claim on one."""

    order_id: int
    order_name: str
    placed_at: datetime
    total: str
    claim_id: int | None
    claim_words: str


@dataclass(frozen=True, slots=True)
class Case:
    claim: Claim
    items: list[ClaimItem]
    rows: list[LineRow]
    others: list[Other]
    parcels: list[Parcel]
    story: list[Told]
    decisions: list[Decision]
    open: dict[int, int]  # item → how many units of it are still to be decided
    taken: dict[int, str]  # item → why a unit of it can no longer be approved
    resolutions: list[Resolution]
    coverage: Coverage | None
    consent: Consent | None
    duty: StatutoryDuty | None
    value: Money
    pictures: list[Picture]
    similar: Similar
    proposal: Proposed | None  # a decision that waits for a second person
    not_again: list[str]  # who decided before an appeal, and may not again
    talk: Talk
    routed: list[Routed]
    risk: list[Said]

    @property
    def feedback(self) -> list[dict[str, Any]]:
        """What the customer said each time it was closed: `score`, `comment`, `at`."""
        return [{**one, "at": parse_datetime(one["at"])} for one in getattr(self.claim, "rated", [])]

    @property
    def order(self) -> Order:
        return self.claim.order

    @property
    def address(self) -> list[str]:
        return address_lines(self.order.shipping_address)

    @property
    def filed_by(self) -> str:
        return who(self.claim.filed_by)

    @property
    def undo_until(self) -> datetime | None:
        """End of the undo window while it is open; None when there is nothing left to undo."""
        if self.claim.state != Claim.State.DECIDED:
            return None
        waiting = [r for r in self.resolutions if r.state == Resolution.State.QUEUED and r.started_at is None]
        return max((r.not_before for r in waiting), default=None)

    @property
    def undo_seconds(self) -> int:
        until = self.undo_until
        return max(0, int((until - timezone.now()).total_seconds())) if until else 0

    @property
    def other_claims(self) -> list[Other]:
        return [other for other in self.others if other.claim_id and other.claim_id != self.claim.pk]

    @property
    def other_orders(self) -> list[Other]:
        seen: dict[int, Other] = {}
        for other in self.others:
            if other.order_id != self.order.pk:
                seen.setdefault(other.order_id, other)
        return list(seen.values())


def with_items(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    """The claims with what `value_of` needs of their items, in one query for all of them."""
    bulk = (f"line__order__{name}" for name in ORDER_BULK)
    return claims.prefetch_related(Prefetch("items", ClaimItem.objects.select_related("line__order").defer(*bulk)))


def load(pk: int) -> Claim | None:
    """The claim with its order and, in the same query, what waits for a lead, incidents, and what the customer said."""
    claims = Claim.objects.select_related(
        "order__shop", "order__customer", "order__coverage__consent", "order__coverage__plan_version__plan", "assignee",
        "rule", "carrier_check",
    )  # fmt: skip
    waiting = Proposal.objects.filter(claim=OuterRef("pk"), version=OuterRef("version"), state=Proposal.State.OPEN)
    facts = JSONObject(parts="parts", amount="amount", by="proposed_by__username", user="proposed_by_id",
                       at="proposed_at")  # fmt: skip
    before = User.objects.annotate(
        deciders=ExpressionWrapper(OuterRef("not_again_by"), output_field=JSONField()),
        key=Func(F("pk"), function="to_jsonb", output_field=JSONField()),
    ).filter(deciders__contains=F("key"))
    part_of = Incident.objects.filter(members__claim=OuterRef("pk")).exclude(state=Incident.State.DISMISSED)
    incident = JSONObject(pk="pk", state="state", count="count", sentence="sentence")
    rated = Feedback.objects.filter(claim=OuterRef("pk")).order_by("pk")
    said = JSONObject(score="score", comment="comment", at="created_at")
    return with_talk(claims).annotate(
        waiting_proposal=Subquery(waiting.values(facts=facts)[:1]),
        deciders=ArraySubquery(before.order_by("username").values("username")),
        part_of=ArraySubquery(part_of.order_by("pk").values(facts=incident)),
        rated=ArraySubquery(rated.values(facts=said)),
        recovery_facts=recoveries_of_claim(),
        matches=routings(),
    ).filter(pk=pk).first()  # fmt: skip


def read(claim: Claim) -> Case:
    """The whole case of a claim from `load`."""
    order = claim.order
    lines = list(order.lines.all())
    by_pk = {line.pk: line for line in lines}
    uses = list(UnitUse.objects.filter(line__order=order, released_at=None))
    units = ClaimUnit.objects.filter(line__order=order).filter(Q(open=True) | Q(item__claim=claim))
    claimed, own_items = {}, {}
    for unit in units.select_related("item"):
        own = unit.item.claim_id == claim.pk
        claimed[unit.line_id, unit.unit] = "this_claim" if own else "other_claim"
        if own:
            own_items[unit.item_id] = unit.item
    items = [own_items[key] for key in sorted(own_items)]
    for item in items:
        item.line = by_pk[item.line_id]
    remedies = claim.resolutions.select_related("replacement_order").order_by("-id")
    resolutions = list(remedies) if claim.decided_at else []
    coverage: Coverage | None = getattr(order, "coverage", None)
    remedies_here = {resolution.public_id for resolution in resolutions}
    elsewhere = (use for use in uses if use.reference not in remedies_here)
    taken = {(use.line_id, use.unit): USED[UnitUse.Kind(use.kind)] for use in elsewhere}
    decisions = Decision.objects.filter(item__claim=claim, superseded=False).select_related("decided_by")
    decided = list(decisions) if claim.decided_at else []
    for decision in decided:
        decision.item = next(item for item in items if item.pk == decision.item_id)
    rows = line_rows(lines, uses, claimed)
    now = timezone.now()
    known = facts_of({claim.pk: Moment(now, now)})[claim.pk]
    return Case(
        claim=claim,
        items=items,
        rows=with_stock(rows, order.shop) if claim.state == Claim.State.IN_REVIEW else rows,
        others=_others(order),
        parcels=parcels(order.fulfillments.order_by("remote_created_at", "id").prefetch_related("scans"), lines),
        # What was written, and what waits, stands in the conversation; here is when it was sent or refused.
        story=story(order.journal.exclude(action="claim.message_queued").order_by("-id")[:STORY_LENGTH]),
        decisions=decided,
        resolutions=resolutions,
        open=_open(items, claimed, settled_by(resolutions)),
        taken=_taken(items, claimed, taken),
        coverage=coverage,
        consent=getattr(coverage, "consent", None),
        duty=None if coverage and coverage.in_force else duty_for(order),
        value=value_of(items, order.currency),
        pictures=strip(claim) if known.photos else [],
        similar=nearest(claim),
        proposal=proposed(getattr(claim, "waiting_proposal", None), items),
        not_again=getattr(claim, "deciders", []),
        talk=talk_of(claim, items, getattr(coverage, "consent", None)),
        routed=routed(getattr(claim, "matches", [])),
        risk=in_words(known, claim),
    )


def _open(
    items: Iterable[ClaimItem], claimed: Mapping[tuple[int, int], str], settled: Collection[tuple[str, int]]
) -> dict[int, int]:
    own = [key for key, whose in claimed.items() if whose == "this_claim"]
    return {
        item.pk: sum(line == item.line_id and (item.line.public_id, unit) not in settled for line, unit in own)
        for item in items
    }


def _taken(
    items: Iterable[ClaimItem], claimed: Mapping[tuple[int, int], str], taken: Mapping[tuple[int, int], str]
) -> dict[int, str]:
    """Items of which a claimed unit was used elsewhere meanwhile (refunded at the shop, say), and how."""
    lost = {line: words for (line, unit), words in taken.items() if claimed.get((line, unit)) == "this_claim"}
    return {item.pk: lost[item.line_id] for item in items if item.line_id in lost}


def value_of(items: Iterable[ClaimItem], currency: str) -> Money:
    """What was paid for the claimed units, in the shop's currency."""
    amounts = (paid_for(item.line, item.quantity).shop.amount for item in items)
    return Money(sum(amounts, Decimal(0)), currency)


def _others(order: Order) -> list[Other]:
    """The same customer's last orders with their claims: by account, or by e-mail for a guest."""
    if order.customer_id is None:
        return []
    rows: Iterable[Any] = (
        Order.objects.filter(customer_id=order.customer_id)
        .order_by("-remote_created_at")
        .values("pk", "name", "remote_created_at", "total", "currency", "claims", "claims__reason", "claims__state",
                "claims__outcome")[: OTHERS + 1]
    )  # fmt: skip
    return [
        Other(
            order_id=row["pk"],
            order_name=row["name"],
            placed_at=row["remote_created_at"],
            total=str(Money(row["total"], row["currency"])),
            claim_id=row["claims"],
            claim_words=_claim_words(row) if row["claims"] else "",
        )
        for row in rows
    ]


def _claim_words(row: dict[str, Any]) -> str:
    reason = Claim.Reason(row["claims__reason"]).label
    state = Claim.State(row["claims__state"])
    outcome = Claim.Outcome(row["claims__outcome"]).label if row["claims__outcome"] else ""
    return f"{reason}: {(outcome if state == Claim.State.CLOSED else state.label).lower()}"
