"""The claim page: the whole case on one screen, and the decision."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from backoffice import failpoints
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.panels import panels
from orders.money import Money
from protection import assignment, review
from protection.admin import claim_facts, decision_form
from protection.admin.queue import neighbours
from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.ladder import instead_of_goods
from protection.models import Claim, Decision
from protection.models.claim import MoveRefused
from protection.reason_codes import DENIALS
from protection.review import DecisionRefused, ItemDecision
from protection.similar import comparing
from protection.standing import open_units

CHANGE = "protection.change_claim"
CLOSINGS = [Claim.Outcome.ARRIVED, Claim.Outcome.DUPLICATE, Claim.Outcome.NO_RESPONSE, Claim.Outcome.WITHDRAWN]


class ClaimPage(ConsolePage):
    """Each button carries the version of the claim that was on the screen; a stale one is refused, and says so."""

    template_name = "protection/claim.html"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("approve", "deny", "ask", "answered", "close", "reopen", "undo", "take", "give_back"), CHANGE
    )

    def load(self, pk: int) -> Claim | None:
        return claim_facts.load(pk)

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def context(self) -> dict[str, Any]:
        case = claim_facts.read(self.subject)
        in_review = case.claim.state == Claim.State.IN_REVIEW
        limit = review.approval_limit(self.user) if in_review else None
        near = neighbours(case.claim)
        shelves = {row.line.pk: row.extra["shelf"] for row in case.rows if "shelf" in row.extra}
        rows = decision_form.rows(case.items, self.request.POST, case.open, case.taken, shelves)
        return {
            "title": f"Claim on {case.order}",
            "case": case,
            "claim": case.claim,
            "order": case.order,
            "rows": rows,
            "short": any(row.is_short for row in rows),
            "denials": DENIALS,
            "remedies": decision_form.REMEDIES,
            "plan_b": [Decision.Remedy(name).label for name in instead_of_goods(case.claim)],
            "closings": CLOSINGS,
            "limit": None if limit is None else Money(limit, case.order.currency),
            "over_limit": limit is not None and case.value.amount > limit,
            "panels": panels("case", self.request, case.order),
            "previous_url": _url(near.previous),
            "next_url": _url(near.next),
            "state": Claim.State,
        }

    def approve(self) -> str:
        return self._decide(decision_form.to_approve)

    def deny(self) -> str:
        return self._decide(decision_form.to_deny)

    def _decide(self, meaning: Callable[[list[decision_form.DecisionRow]], list[ItemDecision]]) -> str:
        def decide(claim: Claim) -> Claim:
            left = {key: len(units) for key, units in open_units(claim).items()}
            rows = decision_form.rows(claim.items.select_related("line__order"), self.request.POST, left)
            despite = "despite_stock" in self.request.POST
            parts = meaning(rows)
            if "plan_b" in self.request.POST:
                parts = decision_form.with_plan_b(parts, instead_of_goods(claim))
            why = decision_form.why_different(self.request.POST)
            comparing.check(claim, parts, why)
            return review.decide(claim, parts, user=self.user, despite_stock=despite, why_different=why)

        decided = self._act(decide)
        failpoints.reach("claim.decided")
        return _decided(decided)

    def ask(self) -> str:
        question = self.request.POST.get("question", "")
        self._act(lambda claim: review.ask_for_info(claim, question, user=self.user))
        return "Asked. The claim waits for the customer's answer."

    def answered(self) -> str:
        self._act(lambda claim: review.answer_received(claim, by=f"staff:{self.user.get_username()}"))
        return "The claim is in review again."

    def close(self) -> str:
        outcome = self.request.POST.get("outcome", "")
        if outcome not in CLOSINGS:
            raise Refused("Choose how the claim ends.")
        self._act(lambda claim: review.close(claim, outcome, user=self.user))
        return f"Closed: {Claim.Outcome(outcome).label.lower()}."

    def reopen(self) -> str:
        why = self.request.POST.get("why", "")
        self._act(lambda claim: review.reopen(claim, why, user=self.user))
        return "The claim is open again."

    def undo(self) -> str:
        self._act(lambda claim: review.undo(claim, user=self.user))
        return "The decision is taken back. Nothing was sent."

    def take(self) -> str:
        self._act(lambda claim: assignment.take(claim, user=self.user), any_version=True)
        return "The claim is yours."

    def give_back(self) -> str:
        self._act(lambda claim: assignment.give_back(claim, user=self.user), any_version=True)
        return "The claim is in the queue again."

    def _act(self, verb: Callable[[Claim], Claim], *, any_version: bool = False) -> Claim:
        """Run `verb` on the claim as it was on the screen: the version is compared under the verb's own lock."""
        try:
            with transaction.atomic():
                claim = locked(self.subject)
                if not any_version and str(claim.version) != self.request.POST.get("version"):
                    kept = " What you typed is still below." if claim.state == Claim.State.IN_REVIEW else ""
                    raise Refused(
                        f"Someone changed this claim while you were looking. Here is how it stands now.{kept}"
                    )
                return verb(claim)
        except (DecisionRefused, MoveRefused, ClaimRefused) as reason:
            raise Refused(str(reason)) from reason


def _url(pk: int | None) -> str:
    return reverse("admin:protection_claim_change", args=[pk]) if pk else ""


def _decided(claim: Claim) -> str:
    return {
        Claim.Outcome.APPROVED: "Approved. It goes out when the time to undo is over.",
        Claim.Outcome.PARTIAL: "Partly approved. It goes out when the time to undo is over.",
    }.get(Claim.Outcome(claim.outcome), "Denied. The claim is closed.")
