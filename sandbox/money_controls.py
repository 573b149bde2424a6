"""Buttons for what goes back: refunds, returns, and money that was pending."""

from django.http import HttpRequest, HttpResponseBase

from sandbox import giving_back, returns
from sandbox.controls import named, order_of
from sandbox.faults import REFUND_STATES
from sandbox.fields import Fields, Unclear, answer, verb
from sandbox.order_documents import gid
from sandbox.program import running
from sandbox.return_fields import REASONS


@verb
def refund(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"lines": [{"line_id" or "sku", "quantity"}], "restock", "shipping", "amount", "note", "status"}``.

    One unit when nothing is named. ``amount`` (the customer's money) is what is paid, whatever the lines come to;
    ``status`` success, pending or failure is what becomes of the payment.
    """
    fields = Fields(request)
    made = giving_back.refund(
        running().store,
        order_id,
        lines=fields.units("lines", order_of(order_id)),
        restock=fields.flag("restock", False),
        shipping=fields.flag("shipping", False),
        amount=fields.amount("amount"),
        note=fields.text("note"),
        status=fields.choice("status", REFUND_STATES),
    )
    return answer(request, {"refund": {"id": made["id"], "admin_graphql_api_id": gid("Refund", made["id"])}}, 201)


@verb
def send_back(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"lines": [{"line_id" or "sku", "quantity"}], "state": "open" or "requested", "reason": 1-6, "note"}``."""
    fields = Fields(request)
    reason = fields.number("reason", 6)
    if reason not in REASONS:
        raise Unclear(f"reason must be one of {', '.join(map(str, REASONS))}")
    made = returns.press(
        running().store,
        order_id,
        units=fields.units("lines", order_of(order_id)),
        state=fields.choice("state", ("open", "requested")),
        reason=reason,
        note=fields.text("note") or "",
    )
    gid_text = gid("Return", made["id"])
    return answer(request, {"return": {"id": made["id"], "admin_graphql_api_id": gid_text, "name": made["name"]}}, 201)


@verb
def settle(request: HttpRequest, order_id: int) -> HttpResponseBase:
    """``{"status": "success" or "failure", "transaction_id"}``: what became of pending money, of all by default."""
    fields = Fields(request)
    settled = giving_back.settle(
        running().store,
        order_id,
        transaction_id=fields.number("transaction_id"),
        status=fields.text("status") or "success",
    )
    return answer(request, {"order": named(settled)})
