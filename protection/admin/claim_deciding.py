"""The decision on a claim's page: approve, deny, propose it to a second person, and take back what was decided."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet

from backoffice import failpoints
from backoffice.console.pages import Refused
from protection import proposing, reversing, review
from protection.admin import decision_form
from protection.admin.claim_verbs import ClaimVerbs
from protection.ladder import instead_of_goods
from protection.models import Claim, Resolution
from protection.similar import comparing
from protection.standing import open_units
from protection.verdicts import ItemDecision

Meaning = Callable[[list[decision_form.DecisionRow]], list[ItemDecision]]


class Deciding(ClaimVerbs):
    """What is typed into the bar is read under the claim's lock, against the units that are open by then."""

    def approve(self) -> str:
        return self._decide(decision_form.to_approve)

    def deny(self) -> str:
        return self._decide(decision_form.to_deny)

    def _decide(self, meaning: Meaning) -> str:
        def decide(claim: Claim) -> Claim:
            parts, why = self._parts(claim, meaning), decision_form.why_different(self.request.POST)
            comparing.check(claim, parts, why)
            return review.decide(claim, parts, user=self.user, despite_stock=self._despite_stock, why_different=why)

        decided = self.act(decide)
        failpoints.reach("claim.decided")
        return _said(decided)

    def propose(self) -> str:
        self.act(lambda claim: proposing.propose(claim, self._parts(claim, decision_form.to_approve), user=self.user))
        return "Proposed. A second person with the right limit confirms it, or sends it back."

    def confirm(self) -> str:
        return _said(
            self.act(lambda claim: proposing.confirm(claim, user=self.user, despite_stock=self._despite_stock))
        )

    def send_back(self) -> str:
        self.act(lambda claim: proposing.decline(claim, self.typed("why_back"), user=self.user))
        return "The proposal is off; the claim is decided anew."

    def undo(self) -> str:
        self.act(lambda claim: review.undo(claim, user=self.user))
        return "The decision is taken back. Nothing was sent."

    def reverse(self) -> str:
        with transaction.atomic():
            for remedy in self._named(self.subject):
                reversing.hold_replacement(remedy)  # before `act` locks the claim's order
            self.act(lambda claim: reversing.reverse(self._remedy(claim), self.typed("why_reverse"), by=self.by))
        if self._remedy(self.subject).state == Resolution.State.REVERSED:
            return "The remedy is taken back; its units are free and the claim is in review."
        return "The shop is asked to cancel the replacement. When it has, the claim is in review again."

    def given(self) -> str:
        self.act(lambda claim: reversing.looked(self._remedy(claim), given=True, user=self.user))
        return "It is on record that the remedy was given."

    def not_given(self) -> str:
        self.act(lambda claim: reversing.looked(self._remedy(claim), given=False, user=self.user))
        return "It is on record that the remedy was not given; its units are decided anew."

    @property
    def _despite_stock(self) -> bool:
        return "despite_stock" in self.request.POST

    def _parts(self, claim: Claim, meaning: Meaning) -> list[ItemDecision]:
        left = {key: len(units) for key, units in open_units(claim).items()}
        parts = meaning(decision_form.rows(claim.items.select_related("line__order"), self.request.POST, left))
        if "plan_b" in self.request.POST:
            parts = decision_form.with_plan_b(parts, instead_of_goods(claim))
        return parts

    def _remedy(self, claim: Claim) -> Resolution:
        """The remedy that the button stands beside, as it is now."""
        remedy = self._named(claim).first()
        if remedy is None:
            raise Refused("This claim has no such remedy.")
        return remedy

    def _named(self, claim: Claim) -> QuerySet[Resolution]:
        return claim.resolutions.filter(public_id=self.typed("remedy"))


def _said(claim: Claim) -> str:
    return {
        Claim.Outcome.APPROVED: "Approved. It goes out when the time to undo is over.",
        Claim.Outcome.PARTIAL: "Partly approved. It goes out when the time to undo is over.",
    }.get(Claim.Outcome(claim.outcome), "Denied. The claim is closed.")
