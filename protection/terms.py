"""Which versions of plan and rule a claim is decided under, and what its money holds."""

from dataclasses import dataclass

from protection.models import Claim, Coverage, PlanVersion, ReasonRule
from protection.shares import Extras


@dataclass(frozen=True, slots=True)
class Terms:
    """The versions in force on the order's date; without a rule the goods and their tax are paid."""

    plan_version: PlanVersion | None
    rule: ReasonRule | None

    @property
    def extras(self) -> Extras:
        rule = self.rule
        if rule is None:
            return Extras()
        return Extras(shipping=rule.pays_shipping, fee=rule.pays_fee, duties=rule.pays_duties, tax=rule.pays_tax)


def terms_of(claim: Claim) -> Terms:
    """The terms that a decision on this claim is taken under now; they were chosen when it was filed."""
    coverage = Coverage.objects.select_related("plan_version").filter(order=claim.order_id).first()
    return Terms(coverage.plan_version if coverage else None, claim.rule)
