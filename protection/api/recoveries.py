"""Cases with carriers for partners: /v1/recoveries, and what a partner that files for the merchant reports of one."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.pages import page, time_of
from backoffice.rest.problems import Problem
from orders.money import text_of
from protection.api.body import PlainText, valid
from protection.models import Recovery
from protection.recovery import filing
from protection.recovery.actors import Actor, RecoveryRefused

FILTERS = {"order": "order__public_id", "shop": "order__shop__domain", "claim": "claims__public_id",
           "carrier": "carrier__public_id", "reference": "reference"}  # fmt: skip
MOMENTS = {
    "updated_since": "updated_at__gte",
    "created_at[gte]": "created_at__gte",
    "deadline[gte]": "deadline__gte",
    "deadline[lt]": "deadline__lt",
}
ANSWERS = ("needs_info", "informed", "approved", "denied")
BAD_INPUT = frozenset({"amount_missing", "invalid_amount", "invalid_currency", "too_long", "nothing_asked",
                       "reason_missing", "more_than_claimed", "date_in_future", "date_before_filing"})  # fmt: skip
Act = Callable[[Recovery, Actor], Any]


class Recoveries(APIView):
    """A page of recoveries, newest first.

    Filters: order, shop, claim, carrier, reference, status, doubt (true: staff must say whether it is withdrawn),
    updated_since, created_at[gte], deadline[gte], deadline[lt].
    """

    scopes = {"GET": "recoveries:read"}

    def get(self, request: Request) -> Response:
        found = visible_recoveries(key_of(request))
        for name, column in FILTERS.items():
            if value := request.query_params.get(name):
                found = found.filter(**{column: value.replace("\x00", "")})
        if status := request.query_params.get("status"):
            if status not in Recovery.State.values:
                allowed = ", ".join(Recovery.State.values)
                raise Problem(400, "invalid_parameter", f"status must be one of {allowed}.", "status")
            found = found.filter(state=status)
        if doubt := request.query_params.get("doubt"):
            if doubt not in ("true", "false"):
                raise Problem(400, "invalid_parameter", "doubt must be true or false.", "doubt")
            found = found.exclude(doubt="") if doubt == "true" else found.filter(doubt="")
        for name, column in MOMENTS.items():
            if moment := time_of(request, name):
                found = found.filter(**{column: moment})
        return page(request, found, represent)


class OneRecovery(APIView):
    scopes = {"GET": "recoveries:read"}

    def get(self, request: Request, public_id: str) -> Response:
        recovery = get_object_or_404(visible_recoveries(key_of(request)), public_id=public_id)
        return Response(represent(recovery), headers={"ETag": f'"{recovery.version}"'})


class AmountField(serializers.DecimalField):
    """An amount as text or number; whether its currency can pay it is the verb's to say."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=16, decimal_places=4, **kwargs)


class FileInput(serializers.Serializer[Any]):
    amount = AmountField(required=False, allow_null=True, default=None)
    currency = PlainText(max_length=3, required=False, allow_blank=True, default="")
    reference = PlainText(max_length=255, required=False, allow_blank=True, default="")
    note = PlainText(max_length=10_000, required=False, allow_blank=True, default="")
    why = PlainText(
        max_length=10_000, required=False, allow_blank=True, default="", help_text="Before or after its days"
    )


class AnswerInput(serializers.Serializer[Any]):
    answer = serializers.ChoiceField(choices=ANSWERS)
    amount = AmountField(required=False, allow_null=True, default=None)
    words = PlainText(
        max_length=10_000, required=False, allow_blank=True, default="",
        help_text="What is asked, why it is denied, why more is granted than claimed",
    )  # fmt: skip


class PaidInput(serializers.Serializer[Any]):
    amount = AmountField(required=False, allow_null=True, default=None)
    paid_on = serializers.DateField(required=False, allow_null=True, default=None)
    why = PlainText(max_length=10_000, required=False, allow_blank=True, default="", help_text="More than claimed")


class RecoveryVerb(APIView):
    """POST to a recovery this key may see; answers with it as it is then, 409 where its state does not let it."""

    def post(self, request: Request, public_id: str) -> Response:
        recovery = get_object_or_404(visible_recoveries(key_of(request)), public_id=public_id)
        return once(request, lambda: _done(request, recovery, self.act(request)))

    def act(self, request: Request) -> Act:
        raise NotImplementedError


class File(RecoveryVerb):
    """POST /v1/recoveries/{id}/file: it was filed with the carrier, for what is expected or the `amount`."""

    scopes = {"POST": "recoveries:file"}

    def act(self, request: Request) -> Act:
        said = valid(FileInput, request)
        return lambda recovery, actor: filing.file(recovery, actor=actor, **said)


class Answer(RecoveryVerb):
    """POST /v1/recoveries/{id}/answer: what the carrier said; `informed`: it was sent what it had asked for."""

    scopes = {"POST": "recoveries:answer"}

    def act(self, request: Request) -> Act:
        said = valid(AnswerInput, request)
        words = said["words"]
        verbs: dict[str, Act] = {
            "needs_info": lambda recovery, actor: filing.carrier_asks(recovery, words, actor=actor),
            "informed": lambda recovery, actor: filing.inform(recovery, words, actor=actor),
            "approved": lambda recovery, actor: filing.approve(recovery, said["amount"], actor=actor, why=words),
            "denied": lambda recovery, actor: filing.deny(recovery, words, actor=actor),
        }
        return verbs[said["answer"]]


class Paid(RecoveryVerb):
    """POST /v1/recoveries/{id}/paid: the carrier's money came."""

    scopes = {"POST": "recoveries:paid"}

    def act(self, request: Request) -> Act:
        said = valid(PaidInput, request)
        return lambda recovery, actor: filing.pay(
            recovery, said["amount"], actor=actor, on=said["paid_on"], why=said["why"]
        )


def visible_recoveries(key: ApiKey) -> QuerySet[Recovery]:
    """The cases of the shops this key may see."""
    found = Recovery.objects.select_related("order__shop", "parcel", "carrier", "terms").prefetch_related("claims")
    return found.filter(order__shop__domain=key.shop_domain) if key.shop_domain else found


def _done(request: Request, recovery: Recovery, act: Act) -> Response:
    try:
        act(recovery, Actor.partner(key_of(request).partner.name))
    except RecoveryRefused as refusal:
        status = 422 if refusal.code in BAD_INPUT else 409
        raise Problem(status, refusal.code, str(refusal), refusal.pointer) from refusal
    now = visible_recoveries(key_of(request)).get(pk=recovery.pk)
    return Response(represent(now), headers={"ETag": f'"{now.version}"'})


def represent(recovery: Recovery) -> dict[str, Any]:
    """A recovery as JSON; amounts are text in `currency`, null where nobody knows them."""

    def amount(value: Any) -> str | None:
        return None if value is None else text_of(value, recovery.currency)

    return {
        "id": recovery.public_id,
        "order": recovery.order.public_id,
        "shop": recovery.order.shop.domain,
        "parcel": recovery.parcel.public_id,
        "tracking_numbers": recovery.parcel.tracking_numbers,
        "claims": [claim.public_id for claim in recovery.claims.all()],
        "carrier": recovery.carrier and {"id": recovery.carrier.public_id, "name": recovery.carrier.name},
        "carrier_name": recovery.carrier_name or None,
        "status": recovery.state,
        "next_actor": recovery.next_actor or None,
        "version": recovery.version,
        "opens_at": recovery.opens_at,
        "last_day": recovery.last_day,
        "deadline": recovery.deadline,
        "deadline_from": recovery.deadline_from,
        "currency": recovery.currency,
        "expected": amount(recovery.expected),
        "expected_from": recovery.expected_from,
        "claimed": amount(recovery.claimed),
        "approved": amount(recovery.approved),
        "received": amount(recovery.received),
        "paid_on": recovery.paid_on,
        "reference": recovery.reference or None,
        "asked": recovery.asked or None,
        "why": recovery.why or None,
        "doubt": recovery.doubt or None,
        "items": [
            {"claim": line["claim"], "line_item": line["line"], "title": line["title"], "quantity": line["quantity"],
             "value": line["value"]}
            for line in recovery.lines
        ],
        "filed_at": recovery.filed_at,
        "answered_at": recovery.answered_at,
        "closed_at": recovery.closed_at,
        "created_at": recovery.created_at,
        "updated_at": recovery.updated_at,
    }  # fmt: skip
