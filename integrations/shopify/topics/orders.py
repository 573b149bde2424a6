"""Topics whose subject is the order itself: whole bodies, edits, risk, deletions."""

from django.db import transaction

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify import translate
from integrations.shopify.arriving import Reread, Result, apply_order, origin_of, read_and_apply, reread, said, shop_of
from integrations.shopify.values import Body, maybe_identifier
from orders import intake
from orders.intake import OrderUnknown
from protection import coverage


def _whole_order(connection: Connection, body: Body) -> Result | Reread:
    if "line_items" not in body:  # an oversize payload shrinks to its id
        return reread(body.get("id"))
    snapshot = translate.order_snapshot(body)
    outcome = apply_order(connection, snapshot, is_read=False)
    if outcome.what == "unclear":  # two states of one second: the shop knows which is the newer
        outcome = read_and_apply(connection, snapshot.remote_id) or apply_order(connection, snapshot)
        return f"read again: {said(outcome)}", outcome.order
    return said(outcome), outcome.order


def _edited(connection: Connection, body: Body) -> Reread:
    """The edit's own id stands first in the body; the order is `order_id`."""
    return reread((body.get("order_edit") or {}).get("order_id"))


def _risk_changed(connection: Connection, body: Body) -> Reread:
    """Published bodies name the assessment only, and then the pass over changed orders finds the order."""
    return reread(body.get("order_id") or body.get("admin_graphql_api_order_id", "").rpartition("/")[2])


def _deleted(connection: Connection, body: Body) -> Result:
    order_id = maybe_identifier(body.get("id"))
    try:
        with transaction.atomic():
            outcome = intake.mark_deleted(shop_of(connection), order_id or 0, origin_of(connection))
            coverage.refresh(outcome.order, by="shopify", source=connection.public_id)
    except OrderUnknown as error:
        raise Ignored("An order we never had was deleted.") from error
    return "marked as deleted", outcome.order


HANDLERS = {
    **dict.fromkeys(
        [
            "orders/create", "orders/updated", "orders/cancelled", "orders/paid", "orders/fulfilled",
            "orders/partially_fulfilled",
        ],
        _whole_order,
    ),
    "orders/edited": _edited,
    "orders/risk_assessment_changed": _risk_changed,
    "orders/delete": _deleted,
}  # fmt: skip
