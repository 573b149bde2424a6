"""One order of a bulk file → the column values that intake would write for it, ready to be copied into the database.

Pure and lean: a whole history runs through here, so it makes neither snapshots nor money objects, which cost five times
as much. That both ways write the same is not hoped for but tested: every order that `reads` and `orders.parts` would
write comes out equal (test_a_backfill_writes_what_a_read_would). Raises like `reads`: KeyError, TypeError, ValueError,
AttributeError or ArithmeticError for an order that cannot be read.
"""

import re
from decimal import Decimal
from typing import Any

import orjson

from integrations.shopify.values import clean, count, identifier, when
from orders.money import MINOR_UNITS, decimal_of, text_of

Node = dict[str, Any]
Row = tuple[Any, ...]

# In the order in which the functions below return them; jsonb as text.
ORDER = (
    "remote_id customer_remote_id name number email phone note tags attributes test source_name source_identifier "
    "financial_status fulfillment_status cancel_reason currency presentment_currency total amounts shipping_address "
    "billing_address remote_created_at remote_updated_at processed_at cancelled_at closed_at"
).split()
LINE = (
    "order_remote_id remote_id position title variant_title sku vendor variant_id product_id quantity current_quantity "
    "requires_shipping taxable gift_card tip properties amounts"
).split()
CUSTOMER = "remote_id email phone first_name last_name remote_updated_at".split()

_AMOUNTS = {
    "total": "totalPriceSet", "subtotal": "subtotalPriceSet", "discounts": "totalDiscountsSet",
    "tax": "totalTaxSet", "shipping": "totalShippingPriceSet", "current_total": "currentTotalPriceSet",
    "current_subtotal": "currentSubtotalPriceSet", "current_tax": "currentTotalTaxSet",
    "current_discounts": "currentTotalDiscountsSet",
}  # fmt: skip
_ADDRESS = {
    "first_name": "firstName", "last_name": "lastName", "company": "company", "address1": "address1",
    "address2": "address2", "city": "city", "province": "province", "province_code": "provinceCode", "zip": "zip",
    "country": "country", "country_code": "countryCodeV2", "phone": "phone",
}  # fmt: skip
_DISPATCH = {"UNFULFILLED": "", "PARTIALLY_FULFILLED": "partial", "FULFILLED": "fulfilled"}
_FOUR_DIGITS = Decimal("0.0001")  # as many as the column
_PLAIN_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,15})\.[0-9]{1,2}")
_PLAIN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def order_row(node: Node) -> Row:
    """Values of the order itself, as named by `ORDER`."""
    amounts = {name: _bag(node[field]) for name, field in _AMOUNTS.items() if node[field]}
    total = decimal_of(node["totalPriceSet"]["shopMoney"]["amount"]).quantize(_FOUR_DIGITS)
    customer, shipping, billing = node["customer"], node["shippingAddress"], node["billingAddress"]
    ships_to = _address(shipping)
    display = node["displayFulfillmentStatus"]
    dispatch = _DISPATCH.get(display)
    return (
        _number_of(node["id"]),
        customer and _number_of(customer["id"]),
        _text(node["name"]),
        node["number"],
        _text(node["email"]),
        _text(node["phone"]),
        _text(node["note"]),
        _tags(node["tags"]),
        _pairs(node["customAttributes"]),
        node["test"],
        _text(node["sourceName"]),
        _text(node["sourceIdentifier"]),
        _text(node["displayFinancialStatus"]).lower(),
        _text(display).lower() if dispatch is None else dispatch,
        _text(node["cancelReason"]).lower(),
        node["currencyCode"],
        node["presentmentCurrencyCode"],
        str(total),
        _json(amounts),
        ships_to,
        ships_to if billing == shipping else _address(billing),
        _needed(_time(node["createdAt"])),
        _needed(_time(node["updatedAt"])),
        _time(node["processedAt"]),
        _time(node["cancelledAt"]),
        _time(node["closedAt"]),
    )


def line_row(order_remote_id: int, position: int, node: Node) -> Row:
    """Values of one line, as named by `LINE`."""
    variant, product, price = node["variant"], node["product"], node["originalUnitPriceSet"]
    amounts = {
        "unit_price": _bag(price),
        "discount": _sum([part["allocatedAmountSet"] for part in node["discountAllocations"]], price),
        "tax": _sum([part["priceSet"] for part in node["taxLines"]], price),
    }
    return (
        order_remote_id,
        _number_of(node["id"]),
        position,
        _text(node["title"]),
        _text(node["variantTitle"]),
        _text(node["sku"]),
        _text(node["vendor"]),
        variant and _number_of(variant["id"]),
        product and _number_of(product["id"]),
        count(node["quantity"]),
        count(node["currentQuantity"]),
        node["requiresShipping"],
        node["taxable"],
        node["isGiftCard"],
        node["title"] == "Tip" and variant is None and product is None,
        _pairs(node["customAttributes"]),
        _json(amounts),
    )


def customer_row(node: Node) -> Row:
    """Values of the customer, as named by `CUSTOMER`."""
    return (
        _number_of(node["id"]),
        _text((node["defaultEmailAddress"] or {}).get("emailAddress")),
        _text((node["defaultPhoneNumber"] or {}).get("phoneNumber")),
        _text(node["firstName"]),
        _text(node["lastName"]),
        _time(node["updatedAt"]),
    )


def amount_text(amount: Any, currency: str) -> str:
    """`text_of(decimal_of(amount), currency)`, at a tenth of its price for what nearly all amounts look like."""
    if type(amount) is str and currency not in MINOR_UNITS and currency.isupper() and _PLAIN_AMOUNT.fullmatch(amount):
        return amount if amount[-3] == "." else amount + "0"
    return text_of(decimal_of(amount), currency)


def _bag(node: Node) -> dict[str, dict[str, str]]:
    shop, presentment = node["shopMoney"], node["presentmentMoney"]
    side = _side(shop)
    return {"shop": side, "presentment": side if presentment == shop else _side(presentment)}


def _side(money: Node) -> dict[str, str]:
    currency = money["currencyCode"]
    return {"amount": amount_text(money["amount"], currency), "currency": currency}


def _sum(nodes: list[Node], like: Node) -> dict[str, dict[str, str]]:
    summed = {}
    for side, field in (("shop", "shopMoney"), ("presentment", "presentmentMoney")):
        currency = like[field]["currencyCode"]
        if len(nodes) == 1:
            amount = amount_text(nodes[0][field]["amount"], currency)
        else:
            parts = (decimal_of(node[field]["amount"]) for node in nodes)
            amount = text_of(sum(parts, Decimal(0)), currency) if nodes else _zero(currency)
        summed[side] = {"amount": amount, "currency": currency}
    return summed


def _zero(currency: str) -> str:
    return "0.00" if currency not in MINOR_UNITS and currency.isupper() else text_of(Decimal(0), currency)


def _address(node: Node | None) -> str | None:
    return None if not node else _json({name: _text(node[field]) for name, field in _ADDRESS.items()})


def _pairs(nodes: list[Node]) -> str:
    return _json([{"name": _text(node["key"]), "value": _text(node["value"])} for node in nodes]) if nodes else "[]"


def _tags(tags: list[str]) -> str:
    return _json(sorted({_text(tag).strip() for tag in tags} - {""})) if tags else "[]"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _text(value: Any) -> str:
    """As `clean`; the reader has made sure that PostgreSQL can hold every text of the line."""
    return value if type(value) is str else clean(value)


def _number_of(gid: str) -> int:
    return identifier(gid.rsplit("/", 1)[-1].split("?")[0])


def _time(value: str | None) -> str | None:
    """The moment as it came where PostgreSQL reads it so; ValueError for one without an offset."""
    if value is None or _PLAIN_TIME.fullmatch(value):
        return value
    moment = when(value)
    return moment.isoformat() if moment else None


def _needed(moment: str | None) -> str:
    if moment is None:
        raise ValueError("the time of making or of the last change is missing")
    return moment
