"""``Order.suggestedRefund``: what Shopify would give back for some units, and by which payments."""

from collections.abc import Callable
from typing import Any

from sandbox.money import NOTHING, Bag, graphql_bag
from sandbox.money_fields import duty_fields
from sandbox.placing import Impossible
from sandbox.refund_requests import UserError, suggestion_wish
from sandbox.refunding import Units, left_to_refund, net_price, sale_of, shipping_left, sums_of
from sandbox.shipment_fields import transaction_fields

Document = dict[str, Any]


def suggested_refund(
    order: Document, line_of: Callable[[Document, Document], Document], **asked: Any
) -> Document | None:
    """The fields of ``SuggestedRefund``; None for units the order has not."""
    try:
        wish = suggestion_wish(order, **asked)
        sums = sums_of(order, wish)
    except (UserError, Impossible):
        return None
    left, sale = left_to_refund(order), sale_of(order)
    most = Bag(min(sums.total.shop, left.shop), min(sums.total.presentment, left.presentment))
    lines = {line["id"]: line for line in order["lines"]}

    def bag(amount: Bag) -> Document:
        return graphql_bag(amount, order)

    transaction = sale and {
        "kind": "SUGGESTED_REFUND",
        "gateway": sale["gateway"],
        "formattedGateway": sale["gateway"].replace("_", " ").capitalize(),
        "amountSet": bag(most),
        "maximumRefundableSet": bag(left),
        "parentTransaction": transaction_fields(sale, order),
    }
    return {
        "amountSet": bag(most),
        "maximumRefundableSet": bag(left),
        "subtotalSet": bag(sums.subtotal),
        "discountedSubtotalSet": bag(sums.subtotal),
        "totalTaxSet": bag(sums.tax),
        "totalDutiesSet": bag(sums.duties),
        "totalCartDiscountAmountSet": bag(NOTHING),
        "shipping": {
            "amountSet": bag(sums.shipping),
            "maximumRefundableSet": bag(shipping_left(order)),
            "taxSet": bag(NOTHING),
        },
        "refundDuties": [
            {
                "amountSet": bag(Bag.of(lines[one]["duty"]["price"])),
                "originalDuty": duty_fields(lines[one]["duty"], order),
            }
            for one in wish.duty_lines
        ],
        "refundLineItems": [_line(units, lines[units.line_id], order, line_of) for units in wish.units],
        "suggestedTransactions": [transaction] if transaction else [],
    }


def _line(units: Units, line: Document, order: Document, line_of: Callable[[Document, Document], Document]) -> Document:
    return {
        "id": None,
        "quantity": units.quantity,
        "restockType": units.restock.upper(),
        "restocked": units.restock != "no_restock",
        "location": None,
        "lineItem": line_of(line, order),
        "priceSet": graphql_bag(Bag.of(line["price"]), order),
        "subtotalSet": graphql_bag(net_price(line) * units.quantity, order),
        "totalTaxSet": graphql_bag(Bag.of(line["tax"]) * units.quantity, order),
    }
