"""The facts of a decision, for its customer: what was given for what, by which rule, on which dates and proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.models import LineItem, TrackingEvent
from orders.money import Money
from protection.customer.phrases import day, money, say
from protection.models import Claim, Coverage, Decision, Resolution
from protection.models.reason_rule import REMEDIES
from protection.rules import rule_text
from protection.shares import Extras, bag_of, shares
from protection.windows import Event, shipment_of

Remedy, State = Decision.Remedy, Resolution.State
DENIALS = {
    "delivered": "The carrier proves that it was delivered",
    "no_evidence": "We have no proof of the damage or loss",
    "not_from_transit": "The damage did not happen on the way",
    "too_late": "It was claimed too late",
    "too_early": "The parcel may still arrive",
    "wrong_address": "The address given with the order was wrong",
    "not_covered": "The guarantee does not cover this",
    "abuse": "We have doubts about this claim that we could not clear up",
    "other": "For another reason, see our note",
}
# What a customer could show that would make the next person decide otherwise.
WOULD_CHANGE = {
    "delivered": "Anything that shows it was not handed to you: where you were, what neighbours or a camera saw.",
    "no_evidence": "Photos of the item, of the packaging from all sides, and of the shipping label.",
    "not_from_transit": "Photos of the packaging that show where it was hit or opened.",
    "too_late": "Proof that you told the shop in time, such as a mail with its date.",
    "too_early": "If it has not arrived on the day the rule names, ask for another look then.",
    "wrong_address": "Your order confirmation, if it shows the right address.",
    "not_covered": "Your order confirmation, if it shows that you paid for the guarantee.",
    "abuse": "Whatever clears it up: photos, the names of those who took parcels in, a report to the police.",
    "other": "What our note asks for.",
}
SCANS = {
    "label_purchased": "Label made", "label_printed": "Label made", "ready_for_pickup": "Ready for pickup",
    "carrier_picked_up": "Picked up by the carrier", "picked_up": "Picked up", "confirmed": "Taken by the carrier",
    "in_transit": "On its way", "out_for_delivery": "Out for delivery", "attempted_delivery": "Delivery was tried",
    "delivered": "Delivered", "failure": "Could not be delivered", "delayed": "Delayed",
}  # fmt: skip
MOST_SCANS = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision: `parts` are the money paid for these units, named; `given` what the customer gets for them."""

    line: LineItem
    quantity: int
    approved: bool
    words: str
    given: str
    parts: list[tuple[str, str]]
    paid: str
    why: str
    note: str
    would_change: str


def verdicts(claim: Claim) -> list[Verdict]:
    """Every decision that stands, in the order of the claim's items; a fixed number of queries."""
    standing = Decision.objects.filter(item__claim=claim, superseded=False).select_related("item__line", "rule")
    prices = _priced(claim)
    return [_verdict(decision, *prices) for decision in standing]


def _priced(claim: Claim) -> tuple[dict[int, list[Decimal]], dict[int, list[Decimal]]]:
    """What was paid for each unit without and with its tax, as the shopper saw it, by the line's remote id."""
    order = claim.order
    lines = list(order.lines.all())
    coverage = Coverage.objects.filter(order=order).first()
    fees = coverage.fee_lines if coverage else []
    without, with_tax = (
        {line: [bag.presentment.amount for bag in bags] for line, bags in shares(order, lines, fees, extras).items()}
        for extras in (Extras(tax=False), Extras(tax=True))
    )
    return without, with_tax


def _verdict(decision: Decision, without: dict[int, list[Decimal]], with_tax: dict[int, list[Decimal]]) -> Verdict:
    denied = decision.verdict == Decision.Verdict.DENY
    line = decision.item.line
    words = {"approve": "Approved", "partial": "Approved in part", "deny": "Not approved"}[decision.verdict]
    return Verdict(
        line=line,
        quantity=decision.quantity,
        approved=not denied,
        words=say(words),
        given="" if denied else _given(decision),
        parts=_parts(decision, without.get(line.remote_id, []), with_tax.get(line.remote_id, [])),
        paid=money(bag_of(decision.value).presentment) if decision.value else "",
        why=say(DENIALS[decision.reason_code]) if decision.reason_code in DENIALS else "",
        note=decision.note,
        would_change=say(WOULD_CHANGE[decision.reason_code]) if decision.reason_code in WOULD_CHANGE else "",
    )


def _given(decision: Decision) -> str:
    if decision.remedy == Remedy.HANDLED_ELSEWHERE:
        return say("This was settled in another way")
    kind = "exchange" if decision.variant_id else decision.remedy
    words = say(REMEDIES[kind]) if kind in REMEDIES else decision.get_remedy_display()
    return f"{words}, {money(bag_of(decision.amount).presentment)}" if decision.amount else words


def _parts(decision: Decision, without: Sequence[Decimal], with_tax: Sequence[Decimal]) -> list[tuple[str, str]]:
    """The value of the units in its parts, which sum to it: goods, tax, and what else the rule pays."""
    if not decision.value or not without:
        return []
    value = bag_of(decision.value).presentment
    goods = sum((without[unit - 1] for unit in decision.units), Decimal(0))
    whole = sum((with_tax[unit - 1] for unit in decision.units), Decimal(0))
    rule = decision.rule
    tax = whole - goods if rule is None or rule.pays_tax else Decimal(0)
    parts = [(say("Goods, after discounts"), goods), (say("Tax on them"), tax)]
    parts.append((say("Shipping, duties and fee, as the rule says"), value.amount - goods - tax))
    return [(words, money(Money(amount, value.currency))) for words, amount in parts if amount]


@dataclass(frozen=True, slots=True)
class Judged:
    """What it was judged by."""

    rule: str
    version: int | None
    since: datetime | None
    dates: list[tuple[str, str]]
    scans: list[tuple[str, str, str]]  # (day, what, where)


def judged_by(claim: Claim) -> Judged:
    """The rule of the order's date in words, the dates its days count from, and the newest scans."""
    lines = [item.line for item in claim.items.select_related("line")]
    shipment = shipment_of(claim.order, lines)
    dates = [(say(Event(name).label), day(found.at)) for name, found in shipment.events.items()]
    scans = TrackingEvent.objects.filter(fulfillment__order=claim.order, deleted_at=None)
    shown = scans.exclude(fulfillment__status="cancelled").order_by("-happened_at", "-id")[:MOST_SCANS]
    rule = claim.rule
    return Judged(
        rule_text(rule, say) if rule else say("There was no rule for this reason, so a person decided."),
        rule.number if rule else None,
        rule.effective_from if rule else None,
        dates,
        [(day(scan.happened_at), say(SCANS.get(scan.status, scan.status.replace("_", " ").capitalize())),
          ", ".join(part for part in (scan.city, scan.country) if part))
         for scan in sorted(shown, key=lambda scan: scan.turn, reverse=True)],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remedied:
    """One remedy and how far it is."""

    words: str
    state: str
    at: datetime | None


def remedies(claim: Claim) -> list[Remedied]:
    """What is or was carried out; what was undone before it began is nothing the customer ever saw."""
    words = {State.EXECUTED: "Done", State.REVERSED: "Taken back", State.FAILED: "We look for another way",
             State.HELD: "Replaced by something else"}  # fmt: skip
    return [
        Remedied(_remedy_words(one), say(words.get(State(one.state), "On its way")), one.executed_at)
        for one in claim.resolutions.order_by("id")
        if one.state != State.REVERSED or one.executed_at
    ]


def _remedy_words(resolution: Resolution) -> str:
    kind = "exchange" if resolution.is_exchange else resolution.kind
    words = say(REMEDIES[kind]) if kind in REMEDIES else say("This was settled in another way")
    return f"{words}, {money(bag_of(resolution.amount).presentment)}" if resolution.amount else words
