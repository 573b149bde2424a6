"""Editing an order's lines: begin, set, add, and one commit, which alone has an effect.

A commit has no idempotency key, so the lines are looked at first: as wanted, it is done; as they were, it is to do;
anything else is somebody's other edit, and people look.
"""

from typing import Any

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import mutations
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.pushes.asking import BY, Refused, accepted, ask, bring_home, order_gid
from orders.changes import carrying
from orders.models import Change


def push(connection: Connection, change: Change) -> Sent:
    """Commit the edit once."""
    lines = _lines(connection, change)
    made = not _is_done(change, lines)
    if made:
        _commit(connection, change)
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent("Edited" if made else "The shop has these lines already", 200)


def _lines(connection: Connection, change: Change) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        order = Shopify(connection).run(mutations.EDIT_LOOK, {"id": order_gid(change), "after": after})["order"]
        if order is None:
            raise Refused("Shopify does not show us this order any more: deleted, too old, or no access.")
        if order["cancelledAt"]:
            raise Refused("The order was cancelled at the shop meanwhile.")
        found += order["lineItems"]["nodes"]
        if not order["lineItems"]["pageInfo"]["hasNextPage"]:
            return found
        after = order["lineItems"]["pageInfo"]["endCursor"]


def _is_done(change: Change, lines: list[dict[str, Any]]) -> bool:
    """Whether all of it is there; False when none of it is. Raises Refused for anything between."""
    now = {str(number_of(line["id"])): line["currentQuantity"] for line in lines}
    added = [
        (str(number_of(line["variant"]["id"])), line["currentQuantity"])
        for line in lines
        if str(number_of(line["id"])) not in change.base["known"] and line["variant"]
    ]
    wanted, base = change.wanted["lines"], change.base["lines"]
    there = [now.get(line) == quantity for line, quantity in wanted.items()]
    there += [(row["variant_id"], row["quantity"]) in added for row in change.wanted["add"]]
    if all(there):
        return True
    untouched = all(now.get(line) == quantity for line, quantity in base.items())
    if any(there) or not untouched:
        raise Refused("The items were changed at the shop meanwhile. Look at the order, and ask for a new edit.")
    return False


def _commit(connection: Connection, change: Change) -> None:
    shopify = Shopify(connection)
    edit = accepted(shopify.run(mutations.EDIT_BEGIN, {"id": order_gid(change)}))["calculatedOrder"]["id"]
    for line, quantity in change.wanted["lines"].items():
        variables = {"id": edit, "lineItemId": gid("CalculatedLineItem", int(line)), "quantity": quantity}
        accepted(shopify.run(mutations.EDIT_SET, {**variables, "restock": change.wanted["restock"]}))
    for row in change.wanted["add"]:
        variables = {"id": edit, "variantId": gid("ProductVariant", int(row["variant_id"]))}
        accepted(shopify.run(mutations.EDIT_ADD, {**variables, "quantity": row["quantity"]}))
    variables = {"id": edit, "notifyCustomer": change.wanted["notify"], "staffNote": change.wanted["note"] or None}
    ask(connection, change, mutations.EDIT_COMMIT, variables)
