"""What is pressed on a claim's page besides a decision: what the customer says, asking, ending, opening again."""

from collections.abc import Callable
from typing import cast

from django.contrib.auth.models import User
from django.db import transaction

from backoffice.console.pages import ConsolePage, Refused
from orders.changes import ChangeRefused
from protection import appeals, arrivals, assignment, filing, review, waking
from protection.eligibility import ClaimRefused
from protection.filing import locked
from protection.messages import writing
from protection.models import Claim
from protection.models.claim import MoveRefused
from protection.verdicts import DecisionRefused

CLOSINGS = [Claim.Outcome.ARRIVED, Claim.Outcome.DUPLICATE, Claim.Outcome.NO_RESPONSE, Claim.Outcome.WITHDRAWN]


class ClaimVerbs(ConsolePage):
    """Each button carries the version of the claim that was on the screen; a stale one is refused, and says so."""

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    @property
    def by(self) -> str:
        return f"staff:{self.user.get_username()}"

    def typed(self, name: str) -> str:
        return self.request.POST.get(name, "")

    def act(self, verb: Callable[[Claim], object], *, any_version: bool = False) -> Claim:
        """Run `verb` on the claim as it was on the screen: the version is compared under the verb's own lock."""
        try:
            with transaction.atomic():
                claim = locked(self.subject)
                if not any_version and str(claim.version) != self.typed("version"):
                    kept = " What you typed is still below." if claim.state == Claim.State.IN_REVIEW else ""
                    raise Refused(
                        f"Someone changed this claim while you were looking. Here is how it stands now.{kept}"
                    )
                verb(claim)
        except (DecisionRefused, MoveRefused, ClaimRefused, ChangeRefused) as reason:
            raise Refused(str(reason)) from reason
        return Claim.objects.get(pk=claim.pk)

    def take(self) -> str:
        self.act(lambda claim: assignment.take(claim, user=self.user), any_version=True)
        return "The claim is yours."

    def give_back(self) -> str:
        self.act(lambda claim: assignment.give_back(claim, user=self.user), any_version=True)
        return "The claim is in the queue again."

    def ask(self) -> str:
        self.act(lambda claim: review.ask_for_info(claim, self.typed("question"), user=self.user))
        return "Asked. The claim waits for the customer's answer."

    def write(self) -> str:
        self.act(lambda claim: writing.write(claim, self.typed("message"), user=self.user))
        return "Written. The mail goes out now."

    def answered(self) -> str:
        self.act(lambda claim: review.answer_received(claim, by=self.by))
        return "The claim is in review again."

    def review_now(self) -> str:
        self.act(lambda claim: waking.review_now(claim, self.typed("why_now"), by=self.by))
        return "The claim is in review, before its day."

    def arrived(self) -> str:
        self.act(lambda claim: arrivals.say_arrived(claim, True, by=self.by))
        return "Closed: the parcel arrived after all."

    def not_arrived(self) -> str:
        self.act(lambda claim: arrivals.say_arrived(claim, False, by=self.by))
        return "It is on record that the parcel did not arrive."

    def withdraw(self) -> str:
        self.act(lambda claim: filing.withdraw(claim, by=self.by))
        return "The claim is withdrawn."

    def appeal(self) -> str:
        self.act(lambda claim: appeals.appeal(claim, self.typed("why_appeal"), by=self.by))
        return "Appealed. Somebody who has not decided it before looks at it."

    def settle_found(self) -> str:
        how, note = self.typed("found"), self.typed("found_note")
        self.act(lambda claim: arrivals.settle_found(claim, how, note=note, by=self.by))
        return f"The found parcel is settled: {arrivals.FOUND[how].lower()}."

    def close(self) -> str:
        outcome = self.typed("outcome")
        if outcome not in CLOSINGS:
            raise Refused("Choose how the claim ends.")
        self.act(lambda claim: review.close(claim, outcome, user=self.user))
        return f"Closed: {Claim.Outcome(outcome).label.lower()}."

    def reopen(self) -> str:
        self.act(lambda claim: review.reopen(claim, self.typed("why"), user=self.user))
        return "The claim is open again."
