"""Feedback for partners: /v1/claims/{id}/feedback, what the customer said of how the claim went."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.problems import Problem
from protection.api.body import PlainText, valid
from protection.api.claims import visible_claims
from protection.customer.feedback import feedback_of, give_feedback
from protection.eligibility import ClaimRefused
from protection.models import Claim, Feedback
from protection.models.claim import MoveRefused


class FeedbackInput(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = PlainText(max_length=5000, required=False, allow_blank=True, default="")


class ClaimFeedback(APIView):
    """GET: what was said, one for each time the claim was closed, newest first.

    POST: pass it on, or change it within a week; 201 the first time, 200 afterwards, 409 while the claim is open.
    """

    scopes = {"GET": "claims:read", "POST": "claims:write"}

    def get(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        return Response({"data": [represent(one) for one in claim.feedback.order_by("-closed_at")]})

    def post(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        return once(request, lambda: self._give(request, claim))

    def _give(self, request: Request, claim: Claim) -> Response:
        said = valid(FeedbackInput, request)
        known = feedback_of(claim)
        try:
            given = give_feedback(claim, said["score"], said["comment"], by=f"partner:{key_of(request).partner.name}")
        except MoveRefused as refusal:
            raise Problem(409, "wrong_state", str(refusal)) from refusal
        except ClaimRefused as refusal:
            raise Problem(409, refusal.code, str(refusal), refusal.pointer) from refusal
        return Response(represent(given), status=200 if known else 201)


def represent(feedback: Feedback) -> dict[str, Any]:
    """Feedback as JSON; `closed_at` says which closing of the claim it is about."""
    return {
        "id": feedback.public_id,
        "claim": feedback.claim.public_id,
        "score": feedback.score,
        "comment": feedback.comment,
        "by": feedback.by.partition(":")[0],
        "closed_at": feedback.closed_at,
        "created_at": feedback.created_at,
        "changed_at": feedback.changed_at,
    }
