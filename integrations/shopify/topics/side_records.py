"""Topics about what hangs on an order without being a part of it: disputes and drafts."""

from django.utils import timezone

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify.arriving import Result, origin_of, shop_of
from integrations.shopify.translate import reading
from integrations.shopify.values import Body, identifier, maybe_identifier, text, when
from orders import side_records
from orders.models import DraftOrder
from orders.money import decimal_of, text_of
from orders.side_records import DisputeSnapshot, DraftSnapshot


def _dispute(connection: Connection, body: Body) -> Result:
    snapshot = reading("dispute", lambda: _dispute_snapshot(body))
    return side_records.write_dispute(shop_of(connection), snapshot, origin_of(connection)), None


def _dispute_snapshot(body: Body) -> DisputeSnapshot:
    currency = text(body, "currency")
    amount = text_of(decimal_of(body.get("amount") or 0), currency)
    return DisputeSnapshot(
        remote_id=identifier(body["id"]),
        order_remote_id=maybe_identifier(body.get("order_id")),
        kind=text(body, "type"),
        status=text(body, "status"),
        reason=text(body, "reason"),
        amount={"amount": amount, "currency": currency},
        evidence_due_by=when(body.get("evidence_due_by")),
        initiated_at=when(body.get("initiated_at")),
        finalized_on=when(body.get("finalized_on")),
    )


def _draft(connection: Connection, body: Body) -> Result:
    """A completed draft names its order, whose own messages may come before or after."""
    snapshot = reading(
        "draft",
        lambda: DraftSnapshot(
            remote_id=identifier(body["id"]),
            name=text(body, "name"),
            status=text(body, "status"),
            order_remote_id=maybe_identifier(body.get("order_id")),
            updated_at=when(body.get("updated_at")),
        ),
    )
    return f"draft {side_records.write_draft(shop_of(connection), snapshot)}", None


def _draft_deleted(connection: Connection, body: Body) -> Result:
    drafts = DraftOrder.objects.filter(shop=shop_of(connection), remote_id=maybe_identifier(body.get("id")) or 0)
    if not drafts.update(deleted_at=timezone.now()):
        raise Ignored("A draft we never had was deleted.")
    return "marked as deleted", None


HANDLERS = {
    "disputes/create": _dispute,
    "disputes/update": _dispute,
    "draft_orders/create": _draft,
    "draft_orders/update": _draft,
    "draft_orders/delete": _draft_deleted,
}
