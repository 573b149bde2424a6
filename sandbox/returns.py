"""Goods that come back: a return is asked for or made, approved, taken in, closed. Nothing moves money by itself."""

from typing import Any

from sandbox import catalogue, fulfillment_orders, kept_orders
from sandbox.announcing import Announcement
from sandbox.order_documents import number_of
from sandbox.placing import Impossible
from sandbox.return_bodies import (
    changed_return_body,
    declined_return_body,
    moved_return_body,
    whole_return_body,
)
from sandbox.return_fields import REASONS, shipped_parts
from sandbox.store import Store, Writing
from sandbox.totals import current_quantity

Document = dict[str, Any]

OTHER = 5
BAD_QUANTITY = "Return line item has an invalid quantity."
# From which states a return can go where.
MOVES = {
    "closed": (("open",), "closed"),
    "canceled": (("open", "requested"), "canceled"),
    "reopened": (("closed",), "open"),
}
WORDS = {"closed": "close", "canceled": "cancel", "reopened": "reopen"}


class Refused(Impossible):
    """What was wrong with the wish: the path below its input, the words, the code of ReturnErrorCode."""

    def __init__(self, field: list[str] | None, message: str, code: str = "INVALID") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


def returnable_quantity(order: Document, part: Document) -> int:
    """Units of a shipped line that are neither on their way back nor refunded."""
    line = next(line for line in order["lines"] if line["id"] == part["line_id"])
    asked = [
        coming
        for one in order.get("returns", ())
        if one["status"] not in ("declined", "canceled")
        for coming in one["lines"]
        if coming["line_id"] == line["id"]
    ]
    of_part = sum(coming["quantity"] for coming in asked if coming["part_id"] == part["id"])
    under_way = sum(coming["quantity"] - coming["processed"] for coming in asked)
    # Units refunded without a return are no longer there to be sent back, whichever parcel brought them.
    kept = min(line["fulfilled"] - line["returned"], current_quantity(line))
    return max(0, min(part["quantity"] - of_part, kept - under_way))


def returnable(order: Document) -> dict[int, int]:
    """Units that can be returned, by the id of the shipped line."""
    return {part["id"]: returnable_quantity(order, part) for part in shipped_parts(order)}


def open_return(writing: Writing, order: Document, given: list[Document], *, requested: bool) -> Document:
    """A new return (``requested``: the customer asks, and somebody must approve); announces it; raises Refused."""
    made: Document = {
        "id": writing.new_id(),
        "reverse_id": writing.new_id(),
        "name": f"{order['name']}-R{len(order.setdefault('returns', [])) + 1}",
        "status": "requested" if requested else "open",
        "created_at": order["updated_at"],
        "closed_at": None,
        "approved_at": None if requested else order["updated_at"],
        "decline": None,
        "lines": [],
    }
    if not given:
        raise Refused(["returnLineItems"], "Return must have at least one return line item", "BLANK")
    order["returns"].append(made)
    for position, one in enumerate(given):
        made["lines"].append(_line(writing, order, one, ["returnLineItems", str(position)], requested=requested))
    kept_orders.add_part(writing, order, made["id"])
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add(f"returns/{'request' if requested else 'approve'}", lambda: whole_return_body(made, order))
    announcement.order(order, "orders/updated")
    return made


def approve(writing: Writing, order: Document, one: Document) -> None:
    """A requested return becomes an open one."""
    _expect(one, ("requested",))
    one.update(status="open", approved_at=order["updated_at"])
    _announce(writing, order, "returns/approve", whole_return_body(one, order))


def decline(writing: Writing, order: Document, one: Document, reason: str, note: str | None) -> None:
    """A requested return is refused, for a reason (final_sale, return_period_ended or other)."""
    _expect(one, ("requested",))
    one.update(status="declined", decline={"reason": reason, "note": note})
    _announce(writing, order, "returns/decline", declined_return_body(one))


def move(writing: Writing, order: Document, one: Document, way: str) -> None:
    """``closed``, ``canceled`` or ``reopened``."""
    states, becomes = MOVES[way]
    if way == "canceled" and any(line["processed"] or line["refunded"] for line in one["lines"]):
        raise Refused(["id"], "Return is not cancelable.", "INVALID_STATE")
    if one["status"] == becomes and way != "reopened":
        # Closing what is closed changes nothing and says nothing.
        return
    _expect(one, states)
    one.update(status=becomes, closed_at=order["updated_at"] if way == "closed" else None)
    _announce(writing, order, f"returns/{WORDS[way]}", moved_return_body(one, order))


def process(writing: Writing, order: Document, one: Document, wanted: list[tuple[int, int, bool]]) -> None:
    """Take goods in: (return line id, units, back on the shelf?). They come off the order and wait for a refund."""
    _expect(one, ("open",))
    known = {line["id"]: line for line in one["lines"]}
    for position, (number, quantity, restock) in enumerate(wanted):
        path = ["returnLineItems", str(position)]
        line = known.get(number)
        if line is None:
            raise Refused([*path, "id"], "Return line item does not exist", "NOT_FOUND")
        if not 0 < quantity <= line["quantity"] - line["processed"]:
            raise Refused([*path, "quantity"], BAD_QUANTITY)
        line["processed"] += quantity
        bought = next(bought for bought in order["lines"] if bought["id"] == line["line_id"])
        bought["returned"] += quantity
        bought["awaiting_refund"] = bought.get("awaiting_refund", 0) + quantity
        if restock:
            place = fulfillment_orders.location_of(writing.connection, order, bought)
            catalogue.put_back(writing, order["shop"], bought["variant_id"], quantity, place)
    if all(line["processed"] >= line["quantity"] for line in one["lines"]):
        one.update(status="closed", closed_at=order["updated_at"])
    announcement = Announcement(writing, order["shop"], order["id"])
    # Documented as an empty object: whoever hears it has to read the return.
    announcement.add("returns/process", dict)
    if one["status"] == "closed":
        announcement.add("returns/close", lambda: moved_return_body(one, order))
    announcement.order(order, "orders/updated")


def remove_units(writing: Writing, order: Document, one: Document, wanted: list[tuple[int, int]]) -> None:
    """The customer keeps some after all: (return line id, units) come off the return."""
    _expect(one, ("open", "requested"))
    known = {line["id"]: line for line in one["lines"]}
    for position, (number, quantity) in enumerate(wanted):
        path = ["returnLineItems", str(position)]
        if quantity < 1:
            raise Refused(None, "Quantity must be greater than 0", "GREATER_THAN")
        line = known.get(number)
        if line is None:
            raise Refused([*path, "returnLineItemId"], "Return line item does not exist", "NOT_FOUND")
        if quantity > line["quantity"] - line["processed"]:
            raise Refused([*path, "quantity"], BAD_QUANTITY)
        line["quantity"] -= quantity
    one["lines"] = [line for line in one["lines"] if line["quantity"]]
    _announce(writing, order, "returns/update", changed_return_body(one, wanted))


def press(
    store: Store, order_id: int, *, units: dict[int, int], state: str, reason: int = 6, note: str = ""
) -> Document:
    """The button: a return of shipped units ({line id: quantity}, by default one) as ``requested`` or ``open``."""
    with kept_orders.changing(store, order_id) as (writing, order):
        left = {part["id"]: (part["line_id"], returnable_quantity(order, part)) for part in shipped_parts(order)}
        units = units or next(({line_id: 1} for line_id, quantity in left.values() if quantity), {})
        wanted = []
        for part_id, (line_id, quantity) in left.items():
            if taken := min(quantity, units.get(line_id, 0)):
                units[line_id] -= taken
                wanted.append(
                    {"fulfillmentLineItemId": str(part_id), "quantity": taken, "reason": reason, "note": note}
                )
        if not wanted or any(units.values()):
            raise Impossible("Only what was shipped and not yet returned can be returned")
        return open_return(writing, order, wanted, requested=state == "requested")


def _line(writing: Writing, order: Document, given: Document, path: list[str], *, requested: bool) -> Document:
    number = number_of(given["fulfillmentLineItemId"])
    part = next((one for one in shipped_parts(order) if one["id"] == number), None)
    if part is None:
        raise Refused([*path, "fulfillmentLineItemId"], "Fulfillment Line Item was not found.", "NOT_FOUND")
    if not 0 < given["quantity"] <= returnable_quantity(order, part):
        raise Refused([*path, "quantity"], BAD_QUANTITY)
    reason = given.get("reason") or number_of(given.get("returnReasonDefinitionId") or "")
    if reason is None and requested:
        raise Refused([*path, "returnReason"], "Return reason can't be blank", "BLANK")
    if reason not in REASONS:
        text = "Return line items Either return reason or return reason definition must be provided"
        raise Refused(path, text, "NOT_FOUND")
    return {
        "id": writing.new_id(),
        "reverse_id": writing.new_id(),
        "part_id": part["id"],
        "line_id": part["line_id"],
        "quantity": given["quantity"],
        "processed": 0,
        "refunded": 0,
        "reason": reason,
        "note": given.get("returnReasonNote") or given.get("note") or "",
        "customer_note": given.get("customerNote"),
    }


def _expect(one: Document, states: tuple[str, ...]) -> None:
    if one["status"] not in states:
        raise Refused(["id"], f"Return is {one['status']}", "INVALID_STATE")


def _announce(writing: Writing, order: Document, topic: str, body: Document) -> None:
    announcement = Announcement(writing, order["shop"], order["id"])
    announcement.add(topic, lambda: body)
    announcement.order(order, "orders/updated")
