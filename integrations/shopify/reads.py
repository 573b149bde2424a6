"""Reading an order whole by GraphQL, into the same snapshot that a webhook body makes.

The parts are read in several small queries (one big one would cost most of a store's budget), so the order may change
between them: `updatedAt` is compared at the end and the read starts again when it moved.
"""

from decimal import Decimal
from typing import Any

from integrations.errors import RetryLater
from integrations.models import Connection
from integrations.shopify import queries
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.translate import address as rest_address
from integrations.shopify.translate import reading
from integrations.shopify.values import clean, count, required_time, tags, when
from orders.money import Money, MoneyBag, decimal_of, text_of
from orders.snapshot import (
    Address,
    CustomerSnapshot,
    FulfillmentSnapshot,
    LineSnapshot,
    OrderSnapshot,
    QuantityOfLine,
    RefundLineSnapshot,
    RefundSnapshot,
)

Node = dict[str, Any]


def read_order(connection: Connection, remote_id: int, shopify: Shopify | None = None) -> OrderSnapshot | None:
    """The order as Shopify has it now, None when Shopify does not show it. Raises RetryLater while it keeps moving.

    `shopify` is the line to read by, when it is not the usual one.
    """
    shopify = shopify or Shopify(connection)
    for _ in range(3):
        parts = _read_parts(shopify, gid("Order", remote_id))
        if parts is None:
            return None
        if parts["order"]["updatedAt"] == parts["seen_last"]:
            return reading("order", lambda: _order(**parts))  # noqa: B023
    raise RetryLater(f"Order {remote_id} changed at each of three reads.")


def _read_parts(shopify: Shopify, order_gid: str) -> dict[str, Any] | None:
    order = shopify.run(queries.ORDER_READ, {"id": order_gid})["order"]
    if order is None:
        return None
    lines, page = list(order["lineItems"]["nodes"]), order["lineItems"]["pageInfo"]
    while page["hasNextPage"]:
        more = shopify.run(queries.ORDER_LINES_PAGE, {"id": order_gid, "after": page["endCursor"]})["order"][
            "lineItems"
        ]
        lines += more["nodes"]
        page = more["pageInfo"]
    events = shopify.run(queries.ORDER_EVENTS, {"id": order_gid})["order"]
    if events is None:
        return None
    fulfillments = [
        shopify.run(queries.FULFILLMENT_READ, {"id": f["id"]})["fulfillment"] for f in events["fulfillments"]
    ]
    refunds = [shopify.run(queries.REFUND_READ, {"id": r["id"]})["refund"] for r in events["refunds"]]
    return {
        "order": order,
        "lines": lines,
        "fulfillments": [f for f in fulfillments if f],
        "refunds": [r for r in refunds if r],
        "seen_last": events["updatedAt"],
    }


def _order(
    order: Node, lines: list[Node], fulfillments: list[Node], refunds: list[Node], seen_last: str
) -> OrderSnapshot:
    customer = order["customer"]
    amounts = {
        "total": "totalPriceSet", "subtotal": "subtotalPriceSet", "discounts": "totalDiscountsSet",
        "tax": "totalTaxSet", "shipping": "totalShippingPriceSet", "current_total": "currentTotalPriceSet",
        "current_subtotal": "currentSubtotalPriceSet", "current_tax": "currentTotalTaxSet",
        "current_discounts": "currentTotalDiscountsSet",
    }  # fmt: skip
    return OrderSnapshot(
        remote_id=number_of(order["id"]),
        name=clean(order["name"]),
        number=order["number"],
        created_at=required_time(order, "createdAt"),
        updated_at=required_time(order, "updatedAt"),
        currency=order["currencyCode"],
        presentment_currency=order["presentmentCurrencyCode"],
        amounts={name: _bag(order[field]) for name, field in amounts.items() if order[field]},
        lines=[_line(line) for line in lines],
        email=clean(order["email"]),
        phone=clean(order["phone"]),
        note=clean(order["note"]),
        tags=tags(order["tags"]),
        attributes=_pairs(order["customAttributes"]),
        test=order["test"],
        source_name=clean(order["sourceName"]),
        source_identifier=clean(order["sourceIdentifier"]),
        processed_at=when(order["processedAt"]),
        cancelled_at=when(order["cancelledAt"]),
        cancel_reason=clean(order["cancelReason"]).lower(),
        closed_at=when(order["closedAt"]),
        financial_status=clean(order["displayFinancialStatus"]).lower(),
        fulfillment_status=fulfillment_status(order["displayFulfillmentStatus"]),
        customer=customer and _customer(customer),
        shipping_address=_address(order["shippingAddress"]),
        billing_address=_address(order["billingAddress"]),
        fulfillments=[_fulfillment(node) for node in fulfillments],
        refunds=[_refund(node) for node in refunds],
    )


def _line(node: Node) -> LineSnapshot:
    price = _bag(node["originalUnitPriceSet"])
    return LineSnapshot(
        remote_id=number_of(node["id"]),
        title=clean(node["title"]),
        quantity=count(node["quantity"]),
        current_quantity=count(node["currentQuantity"]),
        amounts={
            "unit_price": price,
            "discount": _sum([a["allocatedAmountSet"] for a in node["discountAllocations"]], price),
            "tax": _sum([t["priceSet"] for t in node["taxLines"]], price),
        },
        variant_title=clean(node["variantTitle"]),
        sku=clean(node["sku"]),
        vendor=clean(node["vendor"]),
        variant_id=node["variant"] and number_of(node["variant"]["id"]),
        product_id=node["product"] and number_of(node["product"]["id"]),
        requires_shipping=node["requiresShipping"],
        taxable=node["taxable"],
        gift_card=node["isGiftCard"],
        tip=node["title"] == "Tip" and node["variant"] is None and node["product"] is None,
        properties=_pairs(node["customAttributes"]),
    )


def _fulfillment(node: Node) -> FulfillmentSnapshot:
    info = node["trackingInfo"]
    return FulfillmentSnapshot(
        remote_id=number_of(node["id"]),
        name=clean(node["name"]),
        status=clean(node["status"]).lower(),
        lines=[
            QuantityOfLine(number_of(part["lineItem"]["id"]), count(part["quantity"]))
            for part in node["fulfillmentLineItems"]["nodes"]
        ],
        tracking_company=clean(info[0]["company"]) if info else "",
        tracking_numbers=[clean(i["number"]) for i in info if i["number"]],
        tracking_urls=[clean(i["url"]) for i in info if i["url"]],
        location_id=node["location"] and number_of(node["location"]["id"]),
        created_at=when(node["createdAt"]),
        updated_at=when(node["updatedAt"]),
    )


def _refund(node: Node) -> RefundSnapshot:
    return RefundSnapshot(
        remote_id=number_of(node["id"]),
        note=clean(node["note"]),
        created_at=when(node["createdAt"]),
        processed_at=when(node["processedAt"]),
        lines=[
            RefundLineSnapshot(
                line_remote_id=number_of(part["lineItem"]["id"]),
                quantity=count(part["quantity"]),
                restock_type=clean(part["restockType"]).lower(),
                amounts={"subtotal": _bag(part["subtotalSet"]), "tax": _bag(part["totalTaxSet"])},
            )
            for part in node["refundLineItems"]["nodes"]
        ],
        transactions=[
            {
                "id": str(number_of(t["id"])),
                "kind": t["kind"].lower(),
                "status": t["status"].lower(),
                "gateway": clean(t["gateway"]),
                "amount": text_of(
                    decimal_of(t["amountSet"]["presentmentMoney"]["amount"]),
                    t["amountSet"]["presentmentMoney"]["currencyCode"],
                ),
                "currency": t["amountSet"]["presentmentMoney"]["currencyCode"],
            }
            for t in node["transactions"]["nodes"]
        ],
    )


def _customer(node: Node) -> CustomerSnapshot:
    return CustomerSnapshot(
        remote_id=number_of(node["id"]),
        email=clean((node["defaultEmailAddress"] or {}).get("emailAddress")),
        phone=clean((node["defaultPhoneNumber"] or {}).get("phoneNumber")),
        first_name=clean(node["firstName"]),
        last_name=clean(node["lastName"]),
        updated_at=when(node["updatedAt"]),
    )


def _address(node: Node | None) -> Address | None:
    if node is None:
        return None
    names = {"first_name": "firstName", "last_name": "lastName", "province_code": "provinceCode",
             "country_code": "countryCodeV2"}  # fmt: skip
    return rest_address({name: node[names.get(name, name)] for name in Address.__dataclass_fields__})


def fulfillment_status(display: str | None) -> str:
    """The webhook's word for the same state: it says null, partial or fulfilled."""
    status = clean(display).lower()
    return {"unfulfilled": "", "partially_fulfilled": "partial"}.get(status, status)


def _pairs(nodes: list[Node]) -> list[dict[str, str]]:
    return [{"name": clean(node["key"]), "value": clean(node["value"])} for node in nodes]


def _bag(node: Node) -> MoneyBag:
    return MoneyBag(*(Money(decimal_of(node[side]["amount"]), node[side]["currencyCode"])
                      for side in ("shopMoney", "presentmentMoney")))  # fmt: skip


def _sum(nodes: list[Node], like: MoneyBag) -> MoneyBag:
    bags = [_bag(node) for node in nodes]
    return MoneyBag(
        Money(sum((bag.shop.amount for bag in bags), Decimal(0)), like.shop.currency),
        Money(sum((bag.presentment.amount for bag in bags), Decimal(0)), like.presentment.currency),
    )
