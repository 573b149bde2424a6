from protection.models.claim import Claim, ClaimItem, ClaimUnit
from protection.models.coverage import Consent, Coverage
from protection.models.decision import ApprovalLimit, Decision
from protection.models.plan import Plan, PlanVersion
from protection.models.resolution import Resolution

__all__ = [
    "ApprovalLimit",
    "Claim",
    "ClaimItem",
    "ClaimUnit",
    "Consent",
    "Coverage",
    "Decision",
    "Plan",
    "PlanVersion",
    "Resolution",
]
