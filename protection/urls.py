from django.urls import path

from protection.api import recoveries
from protection.api.claim_verbs import Appeal, Arrived, Message, Withdraw
from protection.api.claims import Claims, OneClaim
from protection.api.coverages import Coverages, GiveFeeBack, KeepFee, Protection
from protection.api.evidence import ClaimEvidence, OneEvidence
from protection.api.feedback import ClaimFeedback
from protection.api.incidents import Consistency, Incidents, OneIncident
from protection.api.money import GuaranteeMoney
from protection.api.quotes import Quotes
from protection.api.reasons import Eligibility, Reasons
from protection.api.resolutions import OneResolution, Resolutions, Reverse
from protection.showing import SignedLink

urlpatterns = [
    path("claims", Claims.as_view(), name="claims"),
    path("claims/<slug:public_id>", OneClaim.as_view(), name="claim"),
    path("claims/<slug:public_id>/appeal", Appeal.as_view(), name="claim-appeal"),
    path("claims/<slug:public_id>/arrived", Arrived.as_view(), name="claim-arrived"),
    path("claims/<slug:public_id>/feedback", ClaimFeedback.as_view(), name="claim-feedback"),
    path("claims/<slug:public_id>/messages", Message.as_view(), name="claim-messages"),
    path("claims/<slug:public_id>/withdraw", Withdraw.as_view(), name="claim-withdraw"),
    path("orders/<slug:public_id>/eligibility", Eligibility.as_view(), name="order-eligibility"),
    path("claims/<slug:public_id>/evidence", ClaimEvidence.as_view(), name="claim-evidence"),
    path("claims/<slug:public_id>/evidence/<slug:evidence>", OneEvidence.as_view(), name="claim-one-evidence"),
    path("evidence/<str:token>", SignedLink.as_view(), name="evidence-link"),
    path("coverages", Coverages.as_view(), name="coverages"),
    path("orders/<slug:public_id>/protection", Protection.as_view(), name="order-protection"),
    path("fee_refunds/<slug:public_id>/drop", KeepFee.as_view(), name="fee-refund-drop"),
    path("fee_refunds/<slug:public_id>/give", GiveFeeBack.as_view(), name="fee-refund-give"),
    path("consistency", Consistency.as_view(), name="consistency"),
    path("incidents", Incidents.as_view(), name="incidents"),
    path("incidents/<slug:public_id>", OneIncident.as_view(), name="incident"),
    path("protection/money", GuaranteeMoney.as_view(), name="protection-money"),
    path("quotes", Quotes.as_view(), name="quotes"),
    path("recoveries", recoveries.Recoveries.as_view(), name="recoveries"),
    path("recoveries/<slug:public_id>", recoveries.OneRecovery.as_view(), name="recovery"),
    path("recoveries/<slug:public_id>/file", recoveries.File.as_view(), name="recovery-file"),
    path("recoveries/<slug:public_id>/answer", recoveries.Answer.as_view(), name="recovery-answer"),
    path("recoveries/<slug:public_id>/paid", recoveries.Paid.as_view(), name="recovery-paid"),
    path("reasons", Reasons.as_view(), name="reasons"),
    path("resolutions", Resolutions.as_view(), name="resolutions"),
    path("resolutions/<slug:public_id>", OneResolution.as_view(), name="resolution"),
    path("resolutions/<slug:public_id>/reverse", Reverse.as_view(), name="resolution-reverse"),
]
