"""The lesser parts of an order's money as GraphQL sees them: duties, fees, cash rounding, groups, risk, disputes."""

from typing import Any

from sandbox.bodies import rounding
from sandbox.money import NOTHING, Bag, graphql_bag
from sandbox.order_documents import gid
from sandbox.totals import Totals, current_quantity

Document = dict[str, Any]

# What a level of risk makes Shopify recommend.
RECOMMENDATIONS = {"low": "ACCEPT", "medium": "INVESTIGATE", "high": "CANCEL", "none": "NONE", "pending": "NONE"}


def money_fields(order: Document, sums: Totals) -> Document:
    """Fields of ``Order`` that most orders have empty or zero."""

    def bag(amount: Bag) -> Document:
        return graphql_bag(amount, order)

    return {
        "additionalFees": [
            {
                "id": gid("AdditionalFee", fee["id"]),
                "name": fee["name"],
                "price": bag(Bag.of(fee["price"])),
                "taxLines": [],
            }
            for fee in order.get("fees", ())
        ],
        "currentTaxLines": lambda info: [
            _tax_line(line, order) for line in order["lines"] if line["tax_title"] and current_quantity(line)
        ],
        "netPaymentSet": bag(sums.received - sums.refunded),
        "originalTotalAdditionalFeesSet": bag(sums.fees) if sums.fees.shop else None,
        "originalTotalDutiesSet": bag(sums.duties) if sums.duties.shop else None,
        "originalTotalPriceSet": bag(Bag.of(order["original_total"]) if order.get("original_total") else sums.total),
        "totalCapturableSet": bag(NOTHING),
        "totalCashRoundingAdjustment": {"paymentSet": bag(rounding(order)), "refundSet": bag(NOTHING)},
    }


def duty_fields(duty: Document, order: Document) -> Document:
    """The fields of ``Duty``; its price is for all units of the line."""
    return {
        "id": gid("Duty", duty["id"]),
        "harmonizedSystemCode": duty["code"],
        "countryCodeOfOrigin": duty["origin"],
        "price": graphql_bag(Bag.of(duty["price"]), order),
        "taxLines": [],
    }


def group_fields(group: Document | None) -> Document | None:
    """The fields of ``LineItemGroup``: the bundle a line is a part of."""
    if group is None:
        return None
    return {
        "id": gid("LineItemGroup", group["id"]),
        "title": group["title"],
        "quantity": group["quantity"],
        "customAttributes": [],
        "productId": gid("Product", group["product_id"]),
        "variantId": gid("ProductVariant", group["variant_id"]),
        "variantSku": group["sku"],
    }


def risk_fields(order: Document) -> Document:
    """The fields of ``OrderRiskSummary``."""
    level = order.get("risk", "low")
    return {"recommendation": RECOMMENDATIONS[level], "assessments": [{"riskLevel": level.upper()}]}


def _tax_line(line: Document, order: Document) -> Document:
    amount = graphql_bag(Bag.of(line["tax"]) * current_quantity(line), order)
    return {"title": line["tax_title"], "rate": line["tax_rate"], "priceSet": amount}
