"""Fulfillment orders whose time has not come, as subscriptions and pre-orders make them."""

from functools import partial
from typing import Any

from sandbox import clock
from sandbox.announcing import Announcement
from sandbox.fulfillment_orders import changed_body, is_active, settle, short_body
from sandbox.regrouping import Refused
from sandbox.store import Writing

Document = dict[str, Any]


def schedule(writing: Writing, order: Document, one: Document, fulfill_at: str) -> None:
    """Put it off until a moment (in the kept form), or to another moment; raises Refused."""
    if not is_active(one):
        raise Refused(None, "Fulfillment order must be scheduled.")
    one["scheduled"], one["fulfill_at"] = True, fulfill_at
    settle(writing, one)
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add("fulfillment_orders/rescheduled", partial(_rescheduled_body, one))


def reschedule(writing: Writing, order: Document, one: Document, fulfill_at: str) -> None:
    """Another moment for one that is scheduled already; raises Refused."""
    if one["status"] != "scheduled":
        raise Refused(None, "Fulfillment order must be scheduled.")
    schedule(writing, order, one, fulfill_at)


def make_ready(writing: Writing, order: Document, one: Document) -> None:
    """Its time has come, or is not waited for."""
    one["scheduled"] = False
    settle(writing, one)
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add("fulfillment_orders/scheduled_fulfillment_order_ready", partial(changed_body, one))


def reopen(writing: Writing, order: Document, one: Document) -> None:
    """``fulfillmentOrderOpen``: begin what was scheduled, or stop what was begun; raises Refused."""
    if one["status"] == "scheduled":
        make_ready(writing, order, one)
        return
    if one["status"] == "on_hold" or not is_active(one) or not one["progress_reported"]:
        raise Refused(None, f"Expected fulfillment order status to be valid but it was {one['status']}.")
    one["progress_reported"] = False
    settle(writing, one)
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add("fulfillment_orders/manually_reported_progress_stopped", partial(changed_body, one))


def _rescheduled_body(one: Document) -> Document:
    return {"fulfillment_order": {**short_body(one), "fulfill_at": clock.in_webhooks(one["fulfill_at"])}}
