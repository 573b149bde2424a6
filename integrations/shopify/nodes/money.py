"""Money in GraphQL answers: bags, refunds, transactions, returns."""

from decimal import Decimal
from typing import Any

from integrations.shopify.client import number_of
from integrations.shopify.values import clean, count, when
from orders.money import Money, MoneyBag, decimal_of
from orders.snapshot import (
    AdjustmentSnapshot,
    PaymentSnapshot,
    RefundLineSnapshot,
    RefundSnapshot,
    ReturnLineSnapshot,
    ReturnSnapshot,
    ShippingLineSnapshot,
)

Node = dict[str, Any]


def bag(node: Node) -> MoneyBag:
    return MoneyBag(*(Money(decimal_of(node[side]["amount"]), node[side]["currencyCode"])
                      for side in ("shopMoney", "presentmentMoney")))  # fmt: skip


def sum_of(nodes: list[Node], like: MoneyBag) -> MoneyBag:
    bags = [bag(node) for node in nodes]
    return MoneyBag(
        Money(sum((one.shop.amount for one in bags), Decimal(0)), like.shop.currency),
        Money(sum((one.presentment.amount for one in bags), Decimal(0)), like.presentment.currency),
    )


def shipping_line(node: Node) -> ShippingLineSnapshot:
    return ShippingLineSnapshot(
        remote_id=number_of(node["id"]),
        title=clean(node["title"]),
        code=clean(node["code"]),
        removed=node["isRemoved"],
        price=bag(node["originalPriceSet"]),
    )


def payment(node: Node) -> PaymentSnapshot:
    parent = node["parentTransaction"]
    return PaymentSnapshot(
        remote_id=number_of(node["id"]),
        parent_remote_id=parent and number_of(parent["id"]),
        kind=clean(node["kind"]).lower(),
        status=clean(node["status"]).lower(),
        gateway=clean(node["gateway"]),
        amount=bag(node["amountSet"]),
        test=node["test"],
        created_at=when(node["createdAt"]),
        processed_at=when(node["processedAt"]),
    )


def refund(node: Node) -> RefundSnapshot:
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
                amounts={"subtotal": bag(part["subtotalSet"]), "tax": bag(part["totalTaxSet"])},
            )
            for part in node["refundLineItems"]["nodes"]
        ],
        transactions=[
            {
                "id": str(number_of(t["id"])),
                "kind": clean(t["kind"]).lower(),
                "status": clean(t["status"]).lower(),
                "gateway": clean(t["gateway"]),
                "amount": bag(t["amountSet"]).as_json(),
            }
            for t in node["transactions"]["nodes"]
        ],
        adjustments=_adjustments(node),
        return_remote_id=node["return"] and number_of(node["return"]["id"]),
    )


def _adjustments(node: Node) -> list[AdjustmentSnapshot]:
    return [
        *(
            AdjustmentSnapshot("shipping", {"amount": bag(one["subtotalAmountSet"]), "tax": bag(one["taxAmountSet"])})
            for one in node["refundShippingLines"]["nodes"]
        ),
        *(
            AdjustmentSnapshot("duties", {"amount": (amount := bag(one["amountSet"])), "tax": sum_of([], amount)})
            for one in node["duties"] or []
        ),
        *(
            AdjustmentSnapshot(
                "adjustment",
                {"amount": bag(one["amountSet"]), "tax": bag(one["taxAmountSet"])},
                clean(one["reason"]).lower(),
            )
            for one in node["orderAdjustments"]["nodes"]
        ),
    ]


def goods_back(node: Node) -> ReturnSnapshot:
    """A `Return`; the word itself is taken."""
    return ReturnSnapshot(
        remote_id=number_of(node["id"]),
        name=clean(node["name"]),
        status=clean(node["status"]).lower(),
        decline_reason=clean((node["decline"] or {}).get("reason")).lower(),
        created_at=when(node["createdAt"]),
        closed_at=when(node["closedAt"]),
        lines=[_line_back(part) for part in node["returnLineItems"]["nodes"]],
        exchanges=[
            {
                "id": str(number_of(part["id"])),
                "lines": [number_of(line["id"]) for line in part["lineItems"] or []],
                "quantity": count(part["quantity"]),
            }
            for part in node["exchangeLineItems"]["nodes"]
        ],
    )


def _line_back(node: Node) -> ReturnLineSnapshot:
    sent = node.get("fulfillmentLineItem")  # goods that were not on this order have none
    return ReturnLineSnapshot(
        remote_id=number_of(node["id"]),
        line_remote_id=number_of(sent["lineItem"]["id"]) if sent else None,
        quantity=count(node["quantity"]),
        processed=count(node["processedQuantity"]),
        refunded=count(node["refundedQuantity"]),
        reason=clean((node["returnReasonDefinition"] or {}).get("handle")).lower(),
        note=clean(node["customerNote"] or node["returnReasonNote"]),
    )
