"""Refunds: what the shop suggests at this moment, paid once.

What is sent is kept on the change before it goes, and `refundCreate` carries the change's UUID as its idempotency key:
a repeat sends exactly the same and gets the first answer. The change's id in the refund's note tells whose units it is.
"""

from decimal import Decimal
from typing import Any

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import money_documents
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.pushes.asking import BY, Refused, ask, bring_home, order_gid
from orders.changes import carrying
from orders.models import Change
from orders.money import decimal_of, text_of

RESTOCK = {"return": "RETURN", "cancel": "CANCEL", "none": "NO_RESTOCK"}


def push(connection: Connection, change: Change) -> Sent:
    """Pay it back once."""
    if "refund" not in change.result:
        if "input" not in change.result:
            carrying.remember(change, input=_input(connection, change))
        variables = {"input": change.result["input"], "key": str(change.uuid)}
        made = ask(connection, change, money_documents.REFUND, variables)["refund"]
        carrying.remember(change, refund=str(number_of(made["id"])))
    bring_home(connection, change)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent(f"Refund {change.result['refund']}", 200)


def _input(connection: Connection, change: Change) -> dict[str, Any]:
    """RefundInput: lines and shipping as asked, the money as suggested, or the asked amount over the same payments."""
    wanted, currency = change.wanted, change.wanted["currency"]
    lines = [_line(change, part) for part in wanted["lines"]]
    shipping = wanted.get("shipping")
    asked: dict[str, Any] = {"id": order_gid(change), "lines": lines or None, "full": None}
    asked |= {"shipping": True if shipping is True else None}
    asked |= {"shippingAmount": shipping if isinstance(shipping, str) else None}
    if "amount" in wanted:
        asked |= {"lines": None, "shipping": None, "shippingAmount": None, "full": True}
    order = Shopify(connection).run(money_documents.SUGGEST_REFUND, asked)["order"]
    if order is None or order["suggestedRefund"] is None:
        raise Refused("Shopify suggests no refund for this order.")
    suggested = order["suggestedRefund"]
    amount = decimal_of(wanted["amount"] if "amount" in wanted else _presentment(suggested["amountSet"]))
    most = _presentment(suggested["maximumRefundableSet"])
    if amount > most:
        raise Refused(f"At most {text_of(most, currency)} {currency} can be refunded, not {text_of(amount, currency)}.")
    made: dict[str, Any] = {
        "orderId": order_gid(change),
        "currency": currency,
        "note": f"{wanted['note']} ({change.public_id})".strip(),
        "notify": wanted["notify"],
        "refundLineItems": lines,
        "transactions": _transactions(change, suggested["suggestedTransactions"], amount, currency),
    }
    if shipping:
        made["shipping"] = {"fullRefund": True} if shipping is True else {"amount": shipping}
    return made


def _line(change: Change, part: dict[str, Any]) -> dict[str, Any]:
    """RefundLineItemInput; what is restocked goes to where it was sent from, or was to be."""
    line = {"lineItemId": gid("LineItem", int(part["line"])), "quantity": part["quantity"]}
    place = _place(change, part)
    where = {"locationId": gid("Location", place)} if place else {}
    return {**line, "restockType": RESTOCK[part["restock"]], **where}


def _place(change: Change, part: dict[str, Any]) -> int | None:
    """The shop's number of the location, None when nothing is restocked or we do not know: the shop chooses then."""
    assert change.order is not None
    if part["restock"] == "none":
        return None
    came = change.order.fulfillments.all() if part["restock"] == "return" else change.order.fulfillment_orders.all()
    for one in came:
        if one.location_id and any(str(row["line"]) == part["line"] for row in one.lines):
            return int(one.location_id)
    return None


def _transactions(
    change: Change, suggested: list[dict[str, Any]], amount: Decimal, currency: str
) -> list[dict[str, Any]]:
    """`amount` spread over the suggested payments, each up to what it can give back; raises Refused for a rest."""
    made, left = [], amount
    for one in suggested:
        share = min(left, _presentment(one["maximumRefundableSet"] or one["amountSet"]))
        if share <= 0:
            continue
        left -= share
        parent = one["parentTransaction"]
        made.append(
            {
                "orderId": order_gid(change),
                "gateway": one["gateway"],
                "kind": "REFUND",
                "amount": text_of(share, currency),
                "parentId": parent and parent["id"],
            }
        )
    if left > 0:
        raise Refused(f"{text_of(left, currency)} {currency} of it cannot be paid back to how the order was paid.")
    return made


def _presentment(bag: dict[str, Any]) -> Decimal:
    return decimal_of(bag["presentmentMoney"]["amount"])
