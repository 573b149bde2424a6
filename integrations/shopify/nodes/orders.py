"""The order itself in GraphQL answers: its head, lines, customer and addresses."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from integrations.shopify.balance import Terms, discrepancy
from integrations.shopify.client import number_of
from integrations.shopify.nodes import money, shipments
from integrations.shopify.nodes.money import bag, sum_of
from integrations.shopify.values import clean, count, required_time, tags, when
from orders.snapshot import Address, CustomerSnapshot, LineSnapshot, OrderSnapshot

Node = dict[str, Any]

AMOUNTS = {
    "total": "totalPriceSet",
    "subtotal": "subtotalPriceSet",
    "discounts": "totalDiscountsSet",
    "tax": "totalTaxSet",
    "shipping": "totalShippingPriceSet",
    "duties": "currentTotalDutiesSet",
    "additional_fees": "currentTotalAdditionalFeesSet",
    "current_total": "currentTotalPriceSet",
    "current_subtotal": "currentSubtotalPriceSet",
    "current_tax": "currentTotalTaxSet",
    "current_discounts": "currentTotalDiscountsSet",
}


@dataclass(slots=True)
class Whole:
    """Everything that was read of one order: its head with all its lines, and its other parts. None: denied."""

    order: Node
    fulfillments: list[Node] = field(default_factory=list)
    refunds: list[Node] = field(default_factory=list)
    transactions: list[Node] = field(default_factory=list)
    fulfillment_orders: list[Node] | None = None
    returns: list[Node] | None = None
    customer_known: bool = True


def order(read: Whole) -> OrderSnapshot:
    node, person = read.order, read.order["customer"]
    amounts = {name: bag(node[source]) for name, source in AMOUNTS.items() if node[source]}
    shipped = _shipped(read.fulfillments)
    lines = [_line(line, shipped) for line in node["lineItems"]["nodes"]]
    shipping = sorted(
        (money.shipping_line(line) for line in node["shippingLines"]["nodes"] if line["id"]),
        key=lambda line: line.remote_id,
    )
    terms = Terms(
        taxes_included=node["taxesIncluded"],
        duties_included=node["dutiesIncluded"],
        tips=bag(node["totalTipReceivedSet"]),
        rounding=bag(node["totalCashRoundingAdjustment"]["paymentSet"]),
    )
    return OrderSnapshot(
        remote_id=number_of(node["id"]),
        name=clean(node["name"]),
        number=node["number"],
        created_at=required_time(node, "createdAt"),
        updated_at=required_time(node, "updatedAt"),
        currency=node["currencyCode"],
        presentment_currency=node["presentmentCurrencyCode"],
        amounts=amounts,
        lines=lines,
        email=clean(node["email"]),
        phone=clean(node["phone"]),
        note=clean(node["note"]),
        tags=tags(node["tags"]),
        attributes=_pairs(node["customAttributes"]),
        test=node["test"],
        source_name=clean(node["sourceName"]),
        source_identifier=clean(node["sourceIdentifier"]),
        processed_at=when(node["processedAt"]),
        cancelled_at=when(node["cancelledAt"]),
        cancel_reason=clean(node["cancelReason"]).lower(),
        closed_at=when(node["closedAt"]),
        financial_status=clean(node["displayFinancialStatus"]).lower(),
        fulfillment_status=fulfillment_status(node["displayFulfillmentStatus"]),
        customer=person and _customer(person),
        customer_known=read.customer_known,
        shipping_address=address(node["shippingAddress"]),
        billing_address=address(node["billingAddress"]),
        fulfillments=[shipments.fulfillment(one) for one in read.fulfillments],
        refunds=[money.refund(one) for one in read.refunds],
        payments=[money.payment(one) for one in read.transactions],
        fulfillment_orders=_maybe(read.fulfillment_orders, shipments.fulfillment_order),
        returns=_maybe(read.returns, money.goods_back),
        shipping_lines=shipping,
        discount_codes=sorted({clean(code) for code in node["discountCodes"]} - {""}),
        confirmation_number=clean(node["confirmationNumber"]),
        po_number=clean(node["poNumber"]),
        customer_locale=clean(node["customerLocale"])[:35] if "customerLocale" in node else None,
        risk=clean(node["risk"]["recommendation"]).lower(),
        return_status=clean(node["returnStatus"]).lower(),
        taxes_included=node["taxesIncluded"],
        discrepancy=discrepancy(amounts, lines, shipping, terms, refunded=bool(read.refunds)),
    )


def _maybe(nodes: list[Node] | None, translate: Any) -> Any:
    return None if nodes is None else [translate(node) for node in nodes]


def _shipped(fulfillments: list[Node]) -> Counter[str]:
    """Line → units in parcels that were not cancelled."""
    units: Counter[str] = Counter()
    for parcel in fulfillments:
        if parcel["status"] != "CANCELLED":
            for part in parcel["fulfillmentLineItems"]["nodes"]:
                units[part["lineItem"]["id"]] += part["quantity"]
    return units


def _line_status(node: Node, shipped: Counter[str], *, tip: bool) -> str:
    """The webhook's word for the same state of one line; GraphQL has none of its own that is not deprecated."""
    if tip:
        return "not_eligible"
    if not shipped[node["id"]]:
        return ""
    return "partial" if node["unfulfilledQuantity"] else "fulfilled"


def _line(node: Node, shipped: Counter[str]) -> LineSnapshot:
    tip = node["title"] == "Tip" and node["variant"] is None and node["product"] is None
    price, group = bag(node["originalUnitPriceSet"]), node["lineItemGroup"]
    return LineSnapshot(
        remote_id=number_of(node["id"]),
        title=clean(node["title"]),
        quantity=count(node["quantity"]),
        current_quantity=count(node["currentQuantity"]),
        amounts={
            "unit_price": price,
            "discount": sum_of([a["allocatedAmountSet"] for a in node["discountAllocations"]], price),
            "tax": sum_of([t["priceSet"] for t in node["taxLines"]], price),
        },
        variant_title=clean(node["variantTitle"]),
        sku=clean(node["sku"]),
        vendor=clean(node["vendor"]),
        variant_id=node["variant"] and number_of(node["variant"]["id"]),
        product_id=node["product"] and number_of(node["product"]["id"]),
        requires_shipping=node["requiresShipping"],
        taxable=node["taxable"],
        gift_card=node["isGiftCard"],
        tip=tip,
        fulfillment_status=_line_status(node, shipped, tip=tip),
        group=group
        and {"id": str(number_of(group["id"])), "title": clean(group["title"]), "quantity": count(group["quantity"])},
        properties=_pairs(node["customAttributes"]),
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


def address(node: Node | None) -> Address | None:
    """A postal address; None when there is none."""
    if node is None:
        return None
    names = {"first_name": "firstName", "last_name": "lastName", "province_code": "provinceCode",
             "country_code": "countryCodeV2"}  # fmt: skip
    return Address(**{name: clean(node[names.get(name, name)]) for name in Address.__dataclass_fields__})


def fulfillment_status(display: str | None) -> str:
    """The webhook's word for the same state: it says null, partial or fulfilled."""
    status = clean(display).lower()
    return {"unfulfilled": "", "partially_fulfilled": "partial"}.get(status, status)


def _pairs(nodes: list[Node]) -> list[dict[str, str]]:
    return [{"name": clean(node["key"]), "value": clean(node["value"])} for node in nodes]
