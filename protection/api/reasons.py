"""What may be claimed, and when: /v1/reasons for a shop, /v1/orders/{id}/eligibility for one order."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.problems import Problem
from orders.api import visible_orders
from orders.models import LineItem, Order, Shop
from protection.eligibility import (
    ClaimRefused,
    ItemAsked,
    check_order,
    fee_lines_of,
    left_to_claim,
    promise_for,
    units_to_claim,
    why_not_claimable,
)
from protection.models import Claim, ReasonRule
from protection.rules import rule_text, rules_for, window_text
from protection.windows import shipment_of, timing


class Reasons(APIView):
    """GET /v1/reasons?shop=: the rules in force now, with their windows, proof and remedies, also in plain words."""

    scopes = {"GET": "claims:read"}

    def get(self, request: Request) -> Response:
        rules = rules_for(_shop(request), timezone.now())
        return Response({"data": [represent_rule(rule) for rule in rules.values()]})


class Eligibility(APIView):
    """GET /v1/orders/{id}/eligibility: what of this order could be claimed now, for each reason, and why not.

    `?reason=` names one reason. Nothing is held: another claim may come first.
    """

    scopes = {"GET": "claims:read"}

    def get(self, request: Request, public_id: str) -> Response:
        order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
        return Response(
            {
                "order": order.public_id,
                **_covered(order),
                "items": _items(order),
                "reasons": _reasons(order, _wanted(request), timezone.now()),
            }
        )


def represent_rule(rule: ReasonRule) -> dict[str, Any]:
    """A rule as JSON. Days count from the first of `counts_from` that is known; money is in the shop's currency."""
    return {
        "reason": rule.reason,
        "label": rule.get_reason_display(),
        "rule": rule.public_id,
        "version": rule.number,
        "effective_from": rule.effective_from,
        "counts_from": rule.anchors,
        "earliest_days": {"domestic": rule.earliest_domestic, "international": rule.earliest_international},
        "latest_days": {"domestic": rule.latest_domestic, "international": rule.latest_international},
        "hours_past_promise": rule.hours_past_promise,
        "evidence": rule.evidence,
        "questions": rule.questions,
        "remedies": rule.remedies,
        "return_needed": rule.return_needed,
        "window": window_text(rule),
        "text": rule_text(rule),
    }


def _shop(request: Request) -> Shop:
    bound = key_of(request).shop_domain
    asked = request.query_params.get("shop", bound).replace("\x00", "")
    if not asked:
        raise Problem(400, "invalid_parameter", "Say which shop: ?shop=example.myshopify.com", "shop")
    shop = Shop.objects.filter(domain=asked).first() if not bound or asked == bound else None
    if shop is None:
        raise Problem(404, "unknown_shop", "There is no such shop.")
    return shop


def _wanted(request: Request) -> Collection[str]:
    reason = request.query_params.get("reason")
    if reason is None:
        return Claim.Reason.values
    if reason not in Claim.Reason.values:
        allowed = ", ".join(Claim.Reason.values)
        raise Problem(400, "invalid_parameter", f"reason must be one of {allowed}.", "reason")
    return [reason]


def _covered(order: Order) -> dict[str, Any]:
    try:
        duty = check_order(order, promise_for(order))
    except ClaimRefused as refusal:
        return {"covered": False, "code": refusal.code, "why": str(refusal), "statutory": None}
    return {"covered": True, "code": None, "why": None, "statutory": duty.words if duty else None}


def _items(order: Order) -> list[dict[str, Any]]:
    """How many units of each line could be claimed; 0 with the reason where none can."""
    lines, fees = list(order.lines.all()), fee_lines_of(order.pk)
    left = left_to_claim(order, lines)
    return [_item(line, left[line.pk], why_not_claimable(line, fees)) for line in lines]


def _item(line: LineItem, left: int, never: tuple[str, str] | None) -> dict[str, Any]:
    left = 0 if never else left
    refused = never or (None, None) if never or left else _why_none_left(line)
    return {
        "line_item": line.public_id,
        "line_item_remote_id": str(line.remote_id),
        "bought": line.quantity,
        "claimable": left,
        "code": refused[0],
        "why": refused[1],
    }


def _why_none_left(line: LineItem) -> tuple[str | None, str | None]:
    try:
        units_to_claim(ItemAsked(line, 1), "")
    except ClaimRefused as refusal:
        return refusal.code, str(refusal)
    return None, None  # a unit came free at this moment


def _reasons(order: Order, wanted: Collection[str], now: datetime) -> list[dict[str, Any]]:
    shipment = shipment_of(order)
    rules = rules_for(order.shop, order.placed_at, wanted)
    return [
        {"reason": reason, **found.as_json(), "text": found.sentence, "remedies": rule.remedies if rule else None}
        for reason in wanted
        for rule in [rules.get(reason)]
        for found in [timing(rule, shipment, now)]
    ]
