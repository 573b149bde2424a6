"""What a partner passes on about a claim: the customer writes, says whether it came, takes it back, appeals."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.problems import Problem
from protection import appeals, arrivals, asking, filing
from protection.api.body import PlainText, valid
from protection.api.claims import represent, visible_claims
from protection.eligibility import ClaimRefused
from protection.messages import conversation
from protection.models import Claim
from protection.models.claim import MoveRefused


class MessageInput(serializers.Serializer[Any]):
    text = PlainText(max_length=10_000)


class ArrivedInput(serializers.Serializer[Any]):
    arrived = serializers.BooleanField()


class AppealInput(serializers.Serializer[Any]):
    why = PlainText(max_length=10_000)


class ClaimVerb(APIView):
    """POST to a claim this key may see; answers with the claim as it is then, 409 where its state does not let it."""

    scopes = {"POST": "claims:write"}

    def post(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        return once(request, lambda: _done(request, claim, self.verb(request)))

    def verb(self, request: Request) -> Callable[[Claim, str], Any]:
        raise NotImplementedError


class Withdraw(ClaimVerb):
    """POST /v1/claims/{id}/withdraw: the customer takes the claim back."""

    def verb(self, request: Request) -> Callable[[Claim, str], Any]:
        return lambda claim, by: filing.withdraw(claim, by=by)


class Message(ClaimVerb):
    """/v1/claims/{id}/messages: GET what was said, both ways; POST what the customer answers.

    A claim that was closed without an answer opens again by one.
    """

    scopes = {"GET": "claims:read", **ClaimVerb.scopes}

    def get(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)).prefetch_related("messages"), public_id=public_id)
        said = [conversation.represent(one) for one in conversation.conversation(claim)]
        return Response({"data": said, "has_more": False, "next_cursor": None})

    def verb(self, request: Request) -> Callable[[Claim, str], Any]:
        text = valid(MessageInput, request)["text"]
        return lambda claim, by: asking.answer(claim, text, by=by)


class Arrived(ClaimVerb):
    """POST /v1/claims/{id}/arrived: the parcel came after all, or it did not."""

    def verb(self, request: Request) -> Callable[[Claim, str], Any]:
        arrived = valid(ArrivedInput, request)["arrived"]
        return lambda claim, by: arrivals.say_arrived(claim, arrived, by=by)


class Appeal(ClaimVerb):
    """POST /v1/claims/{id}/appeal: once, within its time; another person looks at it."""

    def verb(self, request: Request) -> Callable[[Claim, str], Any]:
        why = valid(AppealInput, request)["why"]
        return lambda claim, by: appeals.appeal(claim, why, by=by)


def _done(request: Request, claim: Claim, verb: Callable[[Claim, str], Any]) -> Response:
    try:
        verb(claim, f"partner:{key_of(request).partner.name}")
    except MoveRefused as refusal:
        raise Problem(409, "wrong_state", str(refusal)) from refusal
    except ClaimRefused as refusal:
        raise Problem(409, refusal.code, str(refusal), refusal.pointer) from refusal
    now = visible_claims(key_of(request)).get(pk=claim.pk)
    return Response(represent(now), headers={"ETag": f'"{now.version}"'})
