"""Changes for partners: ask for one on an order, follow it, give it up, decide a conflict.

POST and GET /v1/orders/{id}/changes, PATCH /v1/orders/{id}, GET /v1/changes/{id}, POST /v1/changes/{id}/{verb}.
Every change is accepted (202) before the shop has it; `change.done`, `change.failed` or `change.conflict` follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.models import ApiKey
from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.pages import page
from backoffice.rest.problems import Problem
from orders import changes
from orders.api import OneOrder, visible_orders
from orders.changes import ChangeRefused
from orders.models import Change, Order


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of change as partners ask for it: its verb, and the fields it must and may have."""

    verb: Callable[..., Change]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


KINDS = {
    Change.Kind.ADDRESS.value: Asked(changes.change_address, ("address",)),
    Change.Kind.CONTACT.value: Asked(changes.change_contact, (), ("email", "phone")),
    Change.Kind.NOTE.value: Asked(changes.change_note, ("note",)),
    Change.Kind.TAGS.value: Asked(changes.change_tags, (), ("add", "remove")),
    Change.Kind.CANCEL.value: Asked(changes.cancel, (), ("reason", "restock", "refund", "notify", "note")),
    Change.Kind.EDIT.value: Asked(changes.edit_lines, (), ("lines", "add", "restock", "notify", "note")),
    Change.Kind.REFUND.value: Asked(changes.refund, (), ("lines", "shipping", "amount", "notify", "note")),
    Change.Kind.RETURN.value: Asked(changes.open_return, ("lines",), ("notify",)),
    Change.Kind.STORE_CREDIT.value: Asked(changes.give_store_credit, ("amount",), ("notify",)),
    Change.Kind.FULFIL.value: Asked(changes.fulfil, (), ("lines", "company", "numbers", "urls", "notify")),
    Change.Kind.TRACKING.value: Asked(changes.set_tracking, ("fulfillment",), ("company", "numbers", "urls", "notify")),
    Change.Kind.SCAN.value: Asked(
        changes.add_scan,
        ("fulfillment", "status"),
        ("happened_at", "message", "city", "province", "country", "zip"),
    ),
    Change.Kind.HOLD.value: Asked(changes.hold, (), ("reason", "notes", "fulfillment_orders")),
    Change.Kind.RELEASE.value: Asked(changes.release, (), ("holds",)),
    Change.Kind.MOVE.value: Asked(changes.move, ("fulfillment_order", "location")),
    Change.Kind.GIFT_CARD.value: Asked(changes.issue_gift_card, ("amount",), ("note",)),
}
MONEY = (Change.Kind.REFUND, Change.Kind.STORE_CREDIT, Change.Kind.GIFT_CARD)
# Refusals because of how things stand, not of what was sent.
STANDING = {
    "change_under_way", "change_waiting", "order_cancelled", "order_deleted", "order_redacted", "order_sent",
    "unit_used", "wrong_state",
}  # fmt: skip


class Changes(APIView):
    """GET: a page of an order's changes, newest first. POST {"kind": …, its fields}: ask for one."""

    scopes = {"GET": "orders:read", "POST": "orders:write"}

    def get(self, request: Request, public_id: str) -> Response:
        order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
        return page(request, visible_changes(key_of(request)).filter(order=order), represent)

    def post(self, request: Request, public_id: str) -> Response:
        def ask() -> Response:
            order = get_object_or_404(visible_orders(key_of(request)), public_id=public_id)
            body = body_of(request)
            kind = body.pop("kind", None)
            if not isinstance(kind, str) or kind not in KINDS:
                raise Problem(422, "unknown_kind", f"kind is one of {', '.join(KINDS)}.", "/kind")
            return accepted(asked(request, order, kind, body))

        return once(request, ask)


class OrderInHand(OneOrder):
    """PATCH {"note", "email", "phone", "address": {…}, "tags": {"add", "remove"}}: all of them or none.

    With If-Match, only while the order's version is the one that was read: 412 otherwise. Answers {"changes": […]}.
    """

    scopes = {"GET": "orders:read", "PATCH": "orders:write"}

    def patch(self, request: Request, public_id: str) -> Response:
        def change() -> Response:
            orders = visible_orders(key_of(request)).select_for_update(of=("self",))
            order = get_object_or_404(orders, public_id=public_id)
            if request.headers.get("If-Match", "*") not in ("*", f'"{order.version}"'):
                raise Problem(412, "changed_meanwhile", "This order was changed meanwhile. Read it again first.")
            body = body_of(request)
            parts: list[tuple[str, dict[str, Any]]] = []
            for kind in ("note", "address"):
                if kind in body:
                    parts.append((kind, {kind: body.pop(kind)}))
            if "tags" in body:
                parts.append(("tags", object_of(body.pop("tags"), "/tags")))
            contact: dict[str, Any] = {name: body.pop(name) for name in ("email", "phone") if name in body}
            if contact:
                parts.append(("contact", contact))
            if body:
                raise Problem(422, "unknown_field", f"{min(body)!r} cannot be changed.", f"/{min(body)}")
            if not parts:
                raise Problem(422, "nothing_to_change", "Name what is to change.")
            made = [asked(request, order, kind, fields) for kind, fields in parts]
            return Response({"changes": [represent(change) for change in made]}, status=202)

        return once(request, change)


class OneChange(APIView):
    scopes = {"GET": "orders:read"}

    def get(self, request: Request, public_id: str) -> Response:
        change = get_object_or_404(visible_changes(key_of(request)), public_id=public_id)
        return Response(represent(change), headers={"ETag": f'"{change.version}"'})


class DecideChange(APIView):
    """POST /v1/changes/{id}/withdraw, again, keep_ours, keep_theirs; the last two take {"fields": […]}."""

    scopes = {"POST": "orders:write"}
    verbs: dict[str, Callable[..., Change]] = {
        "withdraw": changes.withdraw,
        "again": changes.ask_again,
        "keep_ours": changes.keep_ours,
        "keep_theirs": changes.keep_theirs,
    }

    def post(self, request: Request, public_id: str, verb: str) -> Response:
        def decide() -> Response:
            change = get_object_or_404(visible_changes(key_of(request)), public_id=public_id)
            _may(request, change.kind, change.wanted)
            fields = {}
            if verb.startswith("keep_") and "fields" in (body := body_of(request)):
                fields = {"fields": _names(body["fields"])}
            return Response(represent(told(lambda: self.verbs[verb](change, by=partner(request), **fields))))

        return once(request, decide)


def visible_changes(key: ApiKey) -> QuerySet[Change]:
    """Changes this key may see: of its shop, or of all when it is bound to none."""
    found = Change.objects.select_related("shop", "order")
    return found.filter(shop__domain=key.shop_domain) if key.shop_domain else found


def asked(request: Request, order: Order | None, kind: str, fields: dict[str, Any], at: str = "") -> Change:
    """Ask for one change, with the fields its kind knows; raises Problem. `at` is where they stand in the body."""
    _may(request, kind, fields)
    known = KINDS[kind]
    if unknown := sorted(set(fields) - {*known.required, *known.optional}):
        names = ", ".join([*known.required, *known.optional])
        raise Problem(
            422, "unknown_field", f"{unknown[0]!r} is not known here; there are {names}.", f"{at}/{unknown[0]}"
        )
    if missing := [name for name in known.required if name not in fields]:
        raise Problem(422, "required", f"{missing[0]} is needed.", f"{at}/{missing[0]}")
    return told(lambda: known.verb(order, **fields, by=partner(request)), at)


def told(act: Callable[[], Change], at: str = "") -> Change:
    """What `act` returns; its refusal becomes a problem."""
    try:
        return act()
    except ChangeRefused as refusal:
        status = 409 if refusal.code in STANDING else 422
        pointer = f"{at}{refusal.pointer}" if refusal.pointer else ""
        raise Problem(status, refusal.code, str(refusal), pointer) from refusal


def accepted(change: Change) -> Response:
    return Response(represent(change), status=202, headers={"Location": f"/v1/changes/{change.public_id}"})


def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object, to take apart; none is an empty one. Raises Problem."""
    return object_of(request.data or {}, "")


def object_of(value: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Problem(400, "invalid_request", "Send a JSON object.", pointer)
    return dict(value)


def partner(request: Request) -> str:
    return f"partner:{key_of(request).partner.name}"


def represent(change: Change) -> dict[str, Any]:
    """A change as JSON."""
    return {
        "id": change.public_id,
        "kind": change.kind,
        "shop": change.shop.domain,
        "order": change.order and change.order.public_id,
        "status": change.state,
        "wanted": change.wanted,
        "base": change.base,
        "theirs": change.theirs,
        "result": change.result,
        "failure": change.failure or None,
        "by": change.by,
        "reference": change.reference or None,
        "version": change.version,
        "started_at": change.started_at,
        "done_at": change.done_at,
        "created_at": change.created_at,
        "updated_at": change.updated_at,
    }


def _may(request: Request, kind: str, fields: dict[str, Any]) -> None:
    """Whoever gives money back needs a scope of its own; cancelling does so unless it is told not to."""
    gives = kind in MONEY or (kind == Change.Kind.CANCEL and fields.get("refund") != "none")
    if gives and not key_of(request).allows("refunds:write"):
        raise Problem(403, "missing_scope", "This key lacks the scope refunds:write.")


def _names(fields: Any) -> list[str]:
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        raise Problem(422, "unknown_field", "fields is a list of names of fields in conflict.", "/fields")
    return fields
