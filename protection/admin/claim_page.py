"""The claim page: the whole case on one screen, and every verb that its state and its reader allow."""

from typing import Any, ClassVar

from django.urls import reverse

from backoffice.console.panels import panels
from orders.money import Money
from protection import review
from protection.admin import claim_facts, decision_form
from protection.admin.carrier_box import carrier_cases
from protection.admin.claim_deciding import Deciding
from protection.admin.claim_verbs import CLOSINGS
from protection.admin.offers import offers, remedies
from protection.admin.queue import neighbours
from protection.arrivals import FOUND
from protection.ladder import instead_of_goods
from protection.models import Claim, Decision
from protection.reason_codes import DENIALS

CHANGE = "protection.change_claim"


class ClaimPage(Deciding):
    """Buttons are shown where `protection.verbs` lets them be pressed; where not, the page says why."""

    template_name = "protection/claim.html"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("approve", "deny", "propose", "confirm", "send_back", "undo", "reverse", "given", "not_given", "ask",
         "answered", "review_now", "arrived", "not_arrived", "withdraw", "appeal", "settle_found", "close", "reopen",
         "write", "take", "give_back"),
        CHANGE,
    )  # fmt: skip

    def load(self, pk: int) -> Claim | None:
        return claim_facts.load(pk)

    def context(self) -> dict[str, Any]:
        case = claim_facts.read(self.subject)
        in_review = case.claim.state == Claim.State.IN_REVIEW
        most = review.approval_limit(self.user) if in_review else None
        limit = None if most is None else Money(most, case.order.currency)
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
            "choices": decision_form.REMEDIES,
            "plan_b": [Decision.Remedy(name).label for name in instead_of_goods(case.claim)],
            "closings": CLOSINGS,
            "found": FOUND,
            "limit": limit,
            "over_limit": limit is not None and case.value.amount > limit.amount,
            "offer": offers(case, self.user, limit) if self.user.has_perm(CHANGE) else {},
            "remedies": remedies(case),
            "carrier_cases": carrier_cases(case.claim),
            "panels": panels("case", self.request, case.order),
            "previous_url": _url(near.previous),
            "next_url": _url(near.next),
            "state": Claim.State,
        }


def _url(pk: int | None) -> str:
    return reverse("admin:protection_claim_change", args=[pk]) if pk else ""
