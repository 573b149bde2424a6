"""Opening a return. `returnCreate` has no idempotency key, so the change's id goes into the note of each line, and the
order's returns are looked through for it before every try.
"""

from typing import Any

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import money_documents
from integrations.shopify.client import Shopify, number_of
from integrations.shopify.pushes.asking import BY, Refused, ask, bring_home, order_gid
from integrations.shopify.values import clean
from orders.changes import carrying
from orders.models import Change

# Handles of Shopify's library of reasons, as a live shop has them.
REASONS = {
    "unknown": "unknown", "unwanted": "changed-my-mind", "not_as_described": "item-not-as-described",
    "wrong_item": "received-the-wrong-item", "defective": "damaged-or-defective", "other": "other-reason",
}  # fmt: skip
MOST_NOTE = 255


def push(connection: Connection, change: Change) -> Sent:
    """Open it once."""
    found = Shopify(connection).run(money_documents.RETURNABLE, {"id": order_gid(change)})
    if found["order"] is None:
        raise Refused("Shopify does not show us this order any more: deleted, too old, or no access.")
    made = _ours(change, found["order"]["returns"]["nodes"])
    was_there = made is not None
    if made is None:
        variables = {
            "returnInput": {"orderId": order_gid(change), "returnLineItems": _lines(connection, change, found)}
        }
        made = ask(connection, change, money_documents.CREATE_RETURN, variables)["return"]
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id, **{"return": str(number_of(made["id"]))})
    return Sent(f"Return {made['name']} {'was there' if was_there else 'opened'}", 200)


def _ours(change: Change, returns: list[dict[str, Any]]) -> dict[str, Any] | None:
    for one in returns:
        if any(change.public_id in clean(part.get("returnReasonNote")) for part in one["returnLineItems"]["nodes"]):
            return one
    return None


def _lines(connection: Connection, change: Change, found: dict[str, Any]) -> list[dict[str, Any]]:
    """ReturnLineItemInputs: each wanted unit on a parcel's line that can still come back; raises Refused."""
    handles = sorted({REASONS[part["reason"]] for part in change.wanted["lines"]})
    nodes = Shopify(connection).run(money_documents.RETURN_REASONS, {"handles": handles})["returnReasonDefinitions"]
    reasons = {node["handle"]: node["id"] for node in nodes["nodes"]}
    made = []
    for part in change.wanted["lines"]:
        handle, left = REASONS[part["reason"]], part["quantity"]
        if handle not in reasons:
            raise Refused(f"The shop has no return reason {handle}.")
        room = MOST_NOTE - len(change.public_id) - 3
        note = f"{part['note'][:room]} ({change.public_id})".strip()
        for parcel_line, returnable in _on_parcels(found, part["line"]):
            if taken := min(left, returnable):
                left -= taken
                made.append(
                    {
                        "fulfillmentLineItemId": parcel_line,
                        "quantity": taken,
                        "returnReasonDefinitionId": reasons[handle],
                        "returnReasonNote": note,
                    }
                )
        if left:
            raise Refused(f"{left} units of line {part['line']} cannot be returned at the shop.")
    return made


def _on_parcels(found: dict[str, Any], line: str) -> list[tuple[str, int]]:
    return [
        (part["fulfillmentLineItem"]["id"], part["quantity"])
        for parcel in found["returnableFulfillments"]["nodes"]
        for part in parcel["returnableFulfillmentLineItems"]["nodes"]
        if str(number_of(part["fulfillmentLineItem"]["lineItem"]["id"])) == line
    ]
