"""``refundCreate`` and ``Order.suggestedRefund``: from the API's input to a refund, and what is wrong with it."""

from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.money import NOTHING, Bag, rounded
from sandbox.order_documents import number_of
from sandbox.placing import Impossible
from sandbox.refunding import (
    STORE_CREDIT,
    NotRefundable,
    Payment,
    Units,
    Wish,
    in_shop_money,
    left_to_refund,
    sale_of,
    shipping_left,
)
from sandbox.totals import refundable_quantity

Document = dict[str, Any]

SIGNS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
MANUAL = "manual"
MOST_MONEY = 10**12


class UserError(Exception):
    """What the caller got wrong: the path of the input and the words."""

    def __init__(self, field: list[str] | None, message: str) -> None:
        super().__init__(message)
        self.shown = {"field": field, "message": message}


def wish_of(order: Document, given: Document, status: str) -> Wish:
    """A ``RefundInput``; raises UserError."""
    if given.get("currency") not in (order["presentment_currency"], *_unsaid(order)):
        raise UserError(["currency"], "Currency must be the presentment currency of the order")
    payments = [_payment(order, one, position, status) for position, one in enumerate(given.get("transactions") or [])]
    payments += _as_credit(order, given.get("refundMethods") or [])
    paid = NOTHING
    for payment in payments:
        paid = paid + payment.amount
    left = left_to_refund(order)
    # Recorded: with a manual gateway, allowOverRefunding does not lift the limit.
    lifted = given.get("allowOverRefunding") and all(payment.gateway != MANUAL for payment in payments)
    if paid.presentment > left.presentment and not lifted:
        asked, net = (_shown(amount, order) for amount in (paid.presentment, left.presentment))
        raise UserError(None, f"Refund amount {asked} is greater than net payment received {net}")
    reason = given.get("discrepancyReason")
    return Wish(
        units=units_of(given.get("refundLineItems") or []),
        shipping=_shipping(order, given.get("shipping") or {}),
        duty_lines=duty_lines(order, given.get("refundDuties") or []),
        payments=payments,
        note=given.get("note"),
        reason=reason if reason and reason != "OTHER" else "REFUND_DISCREPANCY",
        status=status,
    )


def suggestion_wish(
    order: Document,
    *,
    refundLineItems: list[Document] | None = None,
    refundShipping: bool | None = None,
    shippingAmount: Any = None,
    refundDuties: list[Document] | None = None,
    suggestFullRefund: bool = False,
    **_: Any,
) -> Wish:
    """What the arguments of ``suggestedRefund`` ask about; raises UserError."""
    units = units_of(refundLineItems or [])
    duties = duty_lines(order, refundDuties or [])
    if suggestFullRefund:
        every = [line for line in order["lines"] if refundable_quantity(line)]
        units = [Units(line["id"], refundable_quantity(line), "no_restock") for line in every]
        duties = tuple(line["id"] for line in every if line.get("duty"))
    shipping = {"fullRefund": bool(refundShipping or suggestFullRefund), "amount": shippingAmount}
    return Wish(units=units, shipping=_shipping(order, shipping), duty_lines=duties)


def units_of(given: list[Document]) -> list[Units]:
    """``RefundLineItemInput``s, not checked yet. Without a restock type nothing is restocked."""
    return [
        Units(number_of(one["lineItemId"]) or 0, one["quantity"], (one.get("restockType") or "NO_RESTOCK").lower())
        for one in given
    ]


def duty_lines(order: Document, given: list[Document]) -> tuple[int, ...]:
    """The lines whose duties a list of ``RefundDutyInput``s means; raises UserError."""
    known = {line["duty"]["id"]: line["id"] for line in order["lines"] if line.get("duty")}
    taken = {duty["duty_id"] for refund in order["refunds"] for duty in refund.get("duties", ())}
    found = []
    for position, one in enumerate(given):
        number = number_of(one["dutyId"]) or 0
        if number not in known or number in taken:
            raise UserError(["refundDuties", str(position), "dutyId"], "Duty does not exist")
        taken.add(number)
        found.append(known[number])
    return tuple(found)


def refusal(problem: Impossible) -> UserError:
    """What a refund that cannot be made tells the caller."""
    return UserError(problem.field if isinstance(problem, NotRefundable) else None, str(problem))


def amount_of(given: Any, field: list[str]) -> Decimal:
    """A ``Money`` scalar; raises UserError."""
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        raise UserError(field, "Amount is not a number") from None
    if not amount.is_finite() or abs(amount) >= MOST_MONEY:
        raise UserError(field, "Amount is not a number")
    return amount


def _unsaid(order: Document) -> tuple[None, ...]:
    """The currency need not be named where there is only one."""
    return (None,) if order["currency"] == order["presentment_currency"] else ()


def _payment(order: Document, given: Document, position: int, status: str) -> Payment:
    path = ["transactions", str(position)]
    amount = rounded(amount_of(given["amount"], [*path, "amount"]), order["presentment_currency"])
    if amount <= 0:
        raise UserError([*path, "amount"], "Amount must be greater than 0")
    parent_id = number_of(given["parentId"]) if given.get("parentId") else None
    sale = sale_of(order)
    if parent_id is not None:
        sale = next((one for one in order["transactions"] if one["id"] == parent_id), None)
    if sale is None:
        raise UserError([*path, "parentId"], "Parent transaction does not exist")
    return Payment(in_shop_money(amount, sale, order), given["gateway"], sale["id"], status)


def _as_credit(order: Document, methods: list[Document]) -> list[Payment]:
    """What is given as store credit instead (``RefundMethodInput``s)."""
    payments = []
    for position, one in enumerate(methods):
        path = ["refundMethods", str(position), "storeCreditRefund"]
        given = one.get("storeCreditRefund")
        if not given:
            continue
        if not order["customer"]:
            raise UserError(path, "Store credit needs a customer")
        money = given["amount"]
        amount = Bag.converted(amount_of(money["amount"], [*path, "amount"]), money["currencyCode"], order)
        if amount is None or amount.presentment <= 0:
            raise UserError([*path, "amount"], "The amount must be a positive amount in the order's currency")
        payments.append(Payment(amount, STORE_CREDIT, None))
    return payments


def _shipping(order: Document, given: Document) -> Bag:
    left = shipping_left(order)
    if given.get("fullRefund"):
        return left
    if given.get("amount") is None:
        return NOTHING
    amount = amount_of(given["amount"], ["shipping", "amount"])
    if not 0 <= amount <= left.presentment:
        message = f"Shipping amount {_shown(amount, order)} is greater than {_shown(left.presentment, order)}"
        raise UserError(["shipping", "amount"], message)
    if amount == left.presentment:
        return left
    return Bag(rounded(amount * left.shop / left.presentment, order["currency"]), amount)


def _shown(amount: Decimal, order: Document) -> str:
    currency = order["presentment_currency"]
    return f"{SIGNS.get(currency, f'{currency} ')}{rounded(amount, currency)}"
