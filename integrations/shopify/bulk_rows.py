"""One order of a bulk file → the column values that intake would write for it, ready to be copied into the database.

Pure and lean: a whole history runs through here, so it makes neither snapshots nor money objects, which cost five times
as much. That both ways write the same is not hoped for but tested: every order that `reads` and `orders.parts` would
write comes out equal (test_a_backfill_writes_what_a_read_would). Raises like `reads`: KeyError, TypeError, ValueError,
AttributeError or ArithmeticError for an order that cannot be read.
"""

from decimal import Decimal
from typing import Any

from integrations.shopify.balance import Terms, discrepancy
from integrations.shopify.bulk_values import (
    ADDRESS,
    address_text,
    bag_in,
    json_text,
    needed,
    number_of,
    pairs_text,
    sum_in,
    tags_text,
    text_in,
    time_text,
)
from integrations.shopify.values import count
from orders.money import Money, MoneyBag, decimal_of
from orders.snapshot import LineSnapshot, ShippingLineSnapshot

Node = dict[str, Any]
Row = tuple[Any, ...]

# In the order in which the functions below return them; jsonb as text.
ORDER = (
    "remote_id customer_remote_id name number email phone note tags attributes test source_name source_identifier "
    "financial_status fulfillment_status cancel_reason currency presentment_currency total amounts shipping_address "
    "billing_address remote_created_at remote_updated_at processed_at cancelled_at closed_at shipping_lines "
    "discount_codes confirmation_number po_number customer_locale risk return_status discrepancy taxes_included"
).split()
LINE = (
    "order_remote_id remote_id position title variant_title sku vendor variant_id product_id quantity current_quantity "
    "requires_shipping taxable gift_card tip properties amounts group fulfillment_status"
).split()
PAYMENT = (
    "order_remote_id remote_id parent_remote_id kind status gateway amount test remote_created_at processed_at"
).split()
WORK = (
    "order_remote_id remote_id status request_status location_id location_name delivery_method destination holds "
    "supported_actions lines fulfill_at fulfill_by remote_created_at remote_updated_at"
).split()
CUSTOMER = "remote_id email phone first_name last_name remote_updated_at".split()

_AMOUNTS = {
    "total": "totalPriceSet", "subtotal": "subtotalPriceSet", "discounts": "totalDiscountsSet",
    "tax": "totalTaxSet", "shipping": "totalShippingPriceSet", "duties": "currentTotalDutiesSet",
    "additional_fees": "currentTotalAdditionalFeesSet", "current_total": "currentTotalPriceSet",
    "current_subtotal": "currentSubtotalPriceSet", "current_tax": "currentTotalTaxSet",
    "current_discounts": "currentTotalDiscountsSet",
}  # fmt: skip
_DISPATCH = {"UNFULFILLED": "", "PARTIALLY_FULFILLED": "partial", "FULFILLED": "fulfilled"}
_FOUR_DIGITS = Decimal("0.0001")  # as many as the columns
_NOTHING = Decimal(0)


def order_row(node: Node, lines: list[Node], shipping_lines: list[Node]) -> Row:
    """Values of the order itself, as named by `ORDER`; of its lines it holds whether they make its total."""
    amounts = {name: bag_in(node[field]) for name, field in _AMOUNTS.items() if node[field]}
    total = decimal_of(node["totalPriceSet"]["shopMoney"]["amount"]).quantize(_FOUR_DIGITS)
    customer, shipping, billing = node["customer"], node["shippingAddress"], node["billingAddress"]
    ships_to = address_text(shipping)
    display = node["displayFulfillmentStatus"]
    dispatch = _DISPATCH.get(display)
    return (
        number_of(node["id"]),
        customer and number_of(customer["id"]),
        text_in(node["name"]),
        node["number"],
        text_in(node["email"]),
        text_in(node["phone"]),
        text_in(node["note"]),
        tags_text(node["tags"]),
        pairs_text(node["customAttributes"]),
        node["test"],
        text_in(node["sourceName"]),
        text_in(node["sourceIdentifier"]),
        text_in(node["displayFinancialStatus"]).lower(),
        text_in(display).lower() if dispatch is None else dispatch,
        text_in(node["cancelReason"]).lower(),
        node["currencyCode"],
        node["presentmentCurrencyCode"],
        str(total),
        json_text(amounts),
        ships_to,
        ships_to if billing == shipping else address_text(billing),
        needed(time_text(node["createdAt"])),
        needed(time_text(node["updatedAt"])),
        time_text(node["processedAt"]),
        time_text(node["cancelledAt"]),
        time_text(node["closedAt"]),
        json_text([_shipping_line(line) for line in sorted(shipping_lines, key=lambda line: number_of(line["id"]))]),
        json_text(sorted({text_in(code) for code in node["discountCodes"]} - {""})) if node["discountCodes"] else "[]",
        text_in(node["confirmationNumber"]),
        text_in(node["poNumber"]),
        text_in(node["customerLocale"])[:35],
        text_in(node["risk"]["recommendation"]).lower(),
        text_in(node["returnStatus"]).lower(),
        _discrepancy(node, lines, shipping_lines),
        node["taxesIncluded"],
    )


def line_row(order_remote_id: int, position: int, node: Node) -> Row:
    """Values of one line, as named by `LINE`; how far it was sent, its parcels say."""
    variant, product, price, tip = node["variant"], node["product"], node["originalUnitPriceSet"], _is_tip(node)
    amounts = {
        "unit_price": bag_in(price),
        "discount": sum_in([part["allocatedAmountSet"] for part in node["discountAllocations"]], price),
        "tax": sum_in([part["priceSet"] for part in node["taxLines"]], price),
    }
    return (
        order_remote_id,
        number_of(node["id"]),
        position,
        text_in(node["title"]),
        text_in(node["variantTitle"]),
        text_in(node["sku"]),
        text_in(node["vendor"]),
        variant and number_of(variant["id"]),
        product and number_of(product["id"]),
        count(node["quantity"]),
        count(node["currentQuantity"]),
        node["requiresShipping"],
        node["taxable"],
        node["isGiftCard"],
        tip,
        pairs_text(node["customAttributes"]),
        json_text(amounts),
        _group(node["lineItemGroup"]),
        "not_eligible" if tip else "",
    )


def payment_row(order_remote_id: int, node: Node) -> Row:
    """Values of one movement of money, as named by `PAYMENT`."""
    parent = node["parentTransaction"]
    return (
        order_remote_id,
        number_of(node["id"]),
        parent and number_of(parent["id"]),
        text_in(node["kind"]).lower(),
        text_in(node["status"]).lower(),
        text_in(node["gateway"]),
        json_text(bag_in(node["amountSet"])),
        node["test"],
        time_text(node["createdAt"]),
        time_text(node["processedAt"]),
    )


def work_row(order_remote_id: int, node: Node, parts: list[Node]) -> Row:
    """Values of one fulfillment order and its lines, as named by `WORK`."""
    place = node["assignedLocation"]
    location, goes_to = place["location"], node["destination"]
    holds = [
        {"id": hold["id"], "reason": text_in(hold["reason"]).lower(), "notes": text_in(hold["reasonNotes"]),
         "handle": text_in(hold["handle"]), "ours": hold["heldByRequestingApp"]}
        for hold in node["fulfillmentHolds"]
    ]  # fmt: skip
    lines = [
        {"id": number_of(part["id"]), "line": number_of(part["lineItem"]["id"]),
         "total": count(part["totalQuantity"]), "remaining": count(part["remainingQuantity"])}
        for part in parts
    ]  # fmt: skip
    lines.sort(key=lambda part: part["id"])  # a file has them in any order
    named = {**ADDRESS, "country_code": "countryCode"}
    return (
        order_remote_id,
        number_of(node["id"]),
        text_in(node["status"]).lower(),
        text_in(node["requestStatus"]).lower(),
        location and number_of(location["id"]),
        text_in(place["name"]),
        text_in((node["deliveryMethod"] or {}).get("methodType")).lower(),
        json_text({name: text_in(goes_to.get(field)) for name, field in named.items()})
        if goes_to and any(goes_to.values())
        else None,
        json_text(holds),
        json_text(sorted(text_in(one["action"]).lower() for one in node["supportedActions"])),
        json_text(lines),
        time_text(node["fulfillAt"]),
        time_text(node["fulfillBy"]),
        time_text(node["createdAt"]),
        time_text(node["updatedAt"]),
    )


def customer_row(node: Node) -> Row:
    """Values of the customer, as named by `CUSTOMER`."""
    return (
        number_of(node["id"]),
        text_in((node["defaultEmailAddress"] or {}).get("emailAddress")),
        text_in((node["defaultPhoneNumber"] or {}).get("phoneNumber")),
        text_in(node["firstName"]),
        text_in(node["lastName"]),
        time_text(node["updatedAt"]),
    )


def _shipping_line(node: Node) -> Node:
    return {"id": number_of(node["id"]), "title": text_in(node["title"]), "code": text_in(node["code"]),
            "removed": node["isRemoved"], "price": bag_in(node["originalPriceSet"])}  # fmt: skip


def _group(node: Node | None) -> str | None:
    if not node:
        return None
    group = {"id": str(number_of(node["id"])), "title": text_in(node["title"]), "quantity": count(node["quantity"])}
    return json_text(group)


def _discrepancy(node: Node, lines: list[Node], shipping_lines: list[Node]) -> str | None:
    """The total less the sum of its parts; None where they agree or it cannot be judged."""
    if _adds_up(node, lines):
        return None
    amounts = {name: _money_bag(node[field]) for name, field in _AMOUNTS.items() if node[field]}
    terms = Terms(
        node["taxesIncluded"], node["dutiesIncluded"], _money_bag(node["totalTipReceivedSet"]),
        _money_bag(node["totalCashRoundingAdjustment"]["paymentSet"]),
    )  # fmt: skip
    found = discrepancy(
        amounts, [_balanced_line(line) for line in lines],
        [ShippingLineSnapshot(0, "", _money_bag(line["originalPriceSet"]), removed=line["isRemoved"])
         for line in shipping_lines],
        terms, refunded=bool(node["refunds"]),
    )  # fmt: skip
    return str(found.quantize(_FOUR_DIGITS)) if found else None


def _adds_up(node: Node, lines: list[Node]) -> bool:
    """Whether the plainest of the readings that `balance` takes adds up, in what the shopper paid: nearly always."""

    def of(bag: Node | None) -> Decimal:
        return Decimal(bag["presentmentMoney"]["amount"]) if bag else _NOTHING

    if any(line["quantity"] != line["currentQuantity"] for line in lines) or node["dutiesIncluded"] is None:
        return False
    goods = sum((of(line["originalUnitPriceSet"]) * line["quantity"] for line in lines), _NOTHING)
    goods += of(node["currentTotalAdditionalFeesSet"]) - of(node["totalDiscountsSet"])
    goods += of(node["totalShippingPriceSet"]) + of(node["totalTipReceivedSet"])
    goods += _NOTHING if node["taxesIncluded"] else of(node["totalTaxSet"])
    goods += _NOTHING if node["dutiesIncluded"] else of(node["currentTotalDutiesSet"])
    return goods == of(node["totalPriceSet"]) and not any(_is_tip(line) for line in lines)


def _balanced_line(node: Node) -> LineSnapshot:
    """Of a line, what its order's balance asks for."""
    price = _money_bag(node["originalUnitPriceSet"])
    off = [_money_bag(part["allocatedAmountSet"]) for part in node["discountAllocations"]]
    shop, presentment = (
        Money(sum((getattr(bag, side).amount for bag in off), _NOTHING), getattr(price, side).currency)
        for side in ("shop", "presentment")
    )
    amounts = {"unit_price": price, "discount": MoneyBag(shop, presentment)}
    return LineSnapshot(0, "", count(node["quantity"]), count(node["currentQuantity"]), amounts, tip=_is_tip(node))


def _is_tip(node: Node) -> bool:
    return node["title"] == "Tip" and node["variant"] is None and node["product"] is None


def _money_bag(node: Node) -> MoneyBag:
    shop, presentment = (
        Money(decimal_of(node[side]["amount"]), node[side]["currencyCode"])
        for side in ("shopMoney", "presentmentMoney")
    )
    return MoneyBag(shop, presentment)
