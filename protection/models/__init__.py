from protection.models.carrier import Carrier, CarrierTerms
from protection.models.claim import Claim, ClaimItem, ClaimUnit
from protection.models.claim_traits import ClaimTraits
from protection.models.compared_decision import ComparedDecision
from protection.models.cost_standard import CostStandard
from protection.models.coverage import Consent, Coverage
from protection.models.customer_pages import Feedback, LinkGeneration, LinkRequest, SentForm
from protection.models.decision import ApprovalLimit, Decision, Proposal
from protection.models.evidence import Evidence, EvidenceView
from protection.models.fee_refund import FeeRefund
from protection.models.incident import BulkDecision, BulkLine, Incident, IncidentClaim
from protection.models.info_request import InfoRequest, Reply
from protection.models.later_choice import LaterChoice
from protection.models.likeness import Likeness
from protection.models.message import CustomerMail, Macro, Message, MessageTemplate
from protection.models.plan import Plan, PlanVersion
from protection.models.reason_rule import ReasonRule
from protection.models.recovery import CarrierCheck, Recovery
from protection.models.resolution import Resolution
from protection.models.routing import BackTest, BackTestCase, Routing, RoutingRule, RoutingVersion
from protection.models.statutory_duty import StatutoryDuty

__all__ = [
    "ApprovalLimit",
    "BackTest",
    "BackTestCase",
    "BulkDecision",
    "BulkLine",
    "Carrier",
    "CarrierCheck",
    "CarrierTerms",
    "Claim",
    "ClaimItem",
    "ClaimTraits",
    "ClaimUnit",
    "ComparedDecision",
    "Consent",
    "CostStandard",
    "Coverage",
    "CustomerMail",
    "Decision",
    "Evidence",
    "EvidenceView",
    "FeeRefund",
    "Feedback",
    "Incident",
    "IncidentClaim",
    "InfoRequest",
    "LaterChoice",
    "Likeness",
    "LinkGeneration",
    "LinkRequest",
    "Macro",
    "Message",
    "MessageTemplate",
    "Plan",
    "PlanVersion",
    "Proposal",
    "ReasonRule",
    "Recovery",
    "Reply",
    "Resolution",
    "Routing",
    "RoutingRule",
    "RoutingVersion",
    "SentForm",
    "StatutoryDuty",
]
