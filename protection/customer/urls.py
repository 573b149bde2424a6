from django.urls import path

from protection.customer.appeal_page import AppealPage
from protection.customer.claim_page import ClaimPage
from protection.customer.evidence_page import EvidencePage
from protection.customer.feedback_page import FeedbackPage
from protection.customer.filing_page import FilePage
from protection.customer.finding_page import FindPage
from protection.customer.links import Purpose
from protection.customer.receipt_page import ReceiptPage

urlpatterns = [
    path("", FindPage.as_view(), name="customer-find"),
    path(f"{Purpose.FILE}/<str:token>", FilePage.as_view(), name="customer-file"),
    path(f"{Purpose.CLAIM}/<str:token>", ClaimPage.as_view(), name="customer-claim"),
    path(f"{Purpose.EVIDENCE}/<str:token>", EvidencePage.as_view(), name="customer-evidence"),
    path(f"{Purpose.RECEIPT}/<str:token>", ReceiptPage.as_view(), name="customer-receipt"),
    path(f"{Purpose.APPEAL}/<str:token>", AppealPage.as_view(), name="customer-appeal"),
    path(f"{Purpose.FEEDBACK}/<str:token>", FeedbackPage.as_view(), name="customer-feedback"),
]
