"""Cancelling an order: Shopify does it in a job, which is followed to its end.

The order's later changes wait meanwhile. Whatever comes first ends it: the job, or the order coming home cancelled.
"""

from datetime import timedelta

from django.utils import timezone

from integrations.errors import NotYet
from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import mutations
from integrations.shopify.client import Shopify
from integrations.shopify.pushes.asking import BY, Refused, ask, bring_home, order_gid, remote_order
from orders.changes import carrying
from orders.models import Change

PATIENCE = timedelta(hours=1)
DONE_ALREADY = "already been canceled"
STILL_OUT = "fulfill"  # "… outstanding fulfillments …", the one refusal with a way on
METHODS: dict[str, dict[str, object]] = {
    "original": {"originalPaymentMethodsRefund": True},
    "store_credit": {"storeCreditRefund": {}},
    "none": {"originalPaymentMethodsRefund": False},
}


def push(connection: Connection, change: Change) -> Sent:
    """Ask for it once, then look until the order is cancelled; raises NotYet while the job runs."""
    if remote_order(connection, change, mutations.ORDER_CANCELLED)["cancelledAt"]:
        bring_home(connection, change)
        carrying.done(change, by=BY, source=connection.public_id)
        return Sent("Cancelled", 200)
    if change.state == Change.State.QUEUED:
        job = _ask(connection, change)
        carrying.running(change, by=BY, source=connection.public_id, job=job)
        raise NotYet("The shop cancels it.", after=1)
    return _follow(connection, change)


def _ask(connection: Connection, change: Change) -> str:
    """The job's id, "" when somebody else's cancelling is under way."""
    wanted = change.wanted
    variables = {
        "orderId": order_gid(change),
        "reason": wanted["reason"].upper(),
        "restock": wanted["restock"],
        "refundMethod": METHODS[wanted["refund"]],
        "notifyCustomer": wanted["notify"],
        "staffNote": wanted["note"] or None,
    }
    try:
        job = ask(connection, change, mutations.CANCEL_ORDER, variables)["job"]
    except Refused as refusal:
        if DONE_ALREADY in str(refusal):
            return ""
        if STILL_OUT in str(refusal).lower():
            raise Refused(f"{refusal} Open a return for what was sent, or refund it.") from refusal
        raise
    return job["id"] if job else ""


def _follow(connection: Connection, change: Change) -> Sent:
    job = change.result.get("job")
    if job:
        found = Shopify(connection).run(mutations.JOB, {"id": job})["job"]
        ended = found is None or found["done"]
        if ended and not remote_order(connection, change, mutations.ORDER_CANCELLED)["cancelledAt"]:
            raise Refused("Shopify ended the job without cancelling the order. Look at it there, then ask again.")
    since = timezone.now() - (change.started_at or change.created_at)
    if since > PATIENCE:
        raise Refused("Shopify has not cancelled it within an hour. Look at it there, then ask again.")
    raise NotYet("The shop still cancels it.", after=min(60.0, max(1.0, since.total_seconds() / 2)))
