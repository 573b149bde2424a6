"""Decisions that wait for a second person, and what became of them: to read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from orders.money import Money
from protection.models import ClaimItem, Decision, Proposal
from protection.reason_codes import DENIALS

Verdict, Remedy = Decision.Verdict, Decision.Remedy


@admin.register(Proposal, site=site)
class ProposalAdmin(ConsoleAdmin):
    """Written by the verbs of `protection.proposing` only."""

    list_display = ("claim", "state", "proposed_by", "proposed_at", "settled_by", "settled_at")
    list_filter = ("state",)
    list_select_related = ("claim__order", "proposed_by", "settled_by")
    ordering = ("-id",)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal that waits, as the claim page shows it: who proposed what, worth how much."""

    user_id: int
    by: str
    at: datetime
    worth: Money
    parts: list[str]  # a sentence each


def proposed(facts: Mapping[str, Any] | None, items: Iterable[ClaimItem]) -> Proposed | None:
    """From the stored proposal's `parts`, `amount`, `by`, `user` and `at`; None when there is none."""
    if not facts:
        return None
    known = {item.pk: item for item in items}
    worth = Money(Decimal(facts["amount"]["amount"]), facts["amount"]["currency"])
    parts = [_in_words(known[part["item"]], part, worth.currency) for part in facts["parts"] if part["item"] in known]
    return Proposed(facts["user"], facts["by"], datetime.fromisoformat(facts["at"]), worth, parts)


def _in_words(item: ClaimItem, part: Mapping[str, Any], currency: str) -> str:
    """Such as: 2 × Teapot: replacement, else refund. Note: “Sorry”."""
    what = f"{part['quantity']} × {item.line}: "
    if part["verdict"] == Verdict.DENY:
        what += f"denied, {DENIALS[part['reason_code']].lower()}"
    else:
        what += Remedy(part["remedy"] or Remedy.REPLACEMENT).label.lower()
        if part["variant_id"]:
            what += f" by another variant ({part['variant_id']})"
        if part["amount"]:
            what += f" of {Money(Decimal(part['amount']), currency)}"
        if part["percent"]:
            what += f" of {part['percent']} %"
        what += "".join(f", else {Remedy(other).label.lower()}" for other in part["otherwise"])
        if part["reason_code"]:
            what += f" ({DENIALS[part['reason_code']].lower()})"
    return f"{what}. Note: “{part['note']}”" if part["note"] else what
