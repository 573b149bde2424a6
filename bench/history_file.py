"""A store's past as Shopify's bulk operation writes it, streamed to disk: each order with three lines, a payment, a way
of shipping and a fulfillment order; slashes escaped, as recorded."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

LINES = 3
FIRST = 7_000_000_000_000
_SUMS = (
    "totalPriceSet subtotalPriceSet currentTotalPriceSet currentSubtotalPriceSet totalTaxSet currentTotalTaxSet "
    "totalDiscountsSet currentTotalDiscountsSet totalShippingPriceSet totalTipReceivedSet"
).split()

Node = dict[str, Any]


def write(path: Path, orders: int, *, seed: int = 1) -> int:
    """Write the file; returns its size in bytes. Orders stand before their children, which follow at once."""
    dice = random.Random(seed)
    with path.open("wb") as file:
        for number in range(orders):
            for node in _order(number, dice):
                file.write(orjson.dumps(node).replace(b"/", b"\\/") + b"\n")
    return path.stat().st_size


def _order(number: int, dice: random.Random) -> Iterator[Node]:
    order, cents = f"gid://shopify/Order/{FIRST + number}", [dice.randrange(500, 20_000) for _ in range(LINES)]
    goods, tax = sum(cents), sum(cents) // 10
    said = dict.fromkeys(_SUMS, _money(0)) | {
        "totalPriceSet": _money(goods + tax + 500), "currentTotalPriceSet": _money(goods + tax + 500),
        "subtotalPriceSet": _money(goods), "currentSubtotalPriceSet": _money(goods), "totalTaxSet": _money(tax),
        "currentTotalTaxSet": _money(tax), "totalShippingPriceSet": _money(500),
    }  # fmt: skip
    made = f"2025-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00Z"
    lives = {
        "firstName": "Zoë", "lastName": f"Lindqvist {number}", "company": None, "address1": f"{number} Test Street",
        "address2": None, "city": "Springfield", "province": "Illinois", "provinceCode": "IL", "zip": "62701",
        "country": "United States", "countryCodeV2": "US", "phone": None,
    }  # fmt: skip
    yield {
        "id": order, "name": f"#{number}", "number": number, "confirmationNumber": f"X{number:08}", "poNumber": None,
        "customerLocale": "en",
        "sourceName": "web", "sourceIdentifier": None, "test": False, "createdAt": made, "processedAt": made,
        "updatedAt": made, "cancelledAt": None, "cancelReason": None, "closedAt": None,
        "displayFinancialStatus": "PAID", "displayFulfillmentStatus": "UNFULFILLED", "returnStatus": "NO_RETURN",
        "email": f"zoe.{number}@example.com", "phone": None, "note": None, "tags": ["spring", "vip"],
        "customAttributes": [], "currencyCode": "USD", "presentmentCurrencyCode": "USD", "taxesIncluded": False,
        "dutiesIncluded": False, "discountCodes": [], **said, "currentTotalDutiesSet": None,
        "currentTotalAdditionalFeesSet": None, "totalCashRoundingAdjustment": {"paymentSet": _money(0)},
        "risk": {"recommendation": "ACCEPT"},
        "customer": {
            "id": f"gid://shopify/Customer/{FIRST + number * 7 % 100_003}", "firstName": "Zoë", "lastName": "Lindqvist",
            "updatedAt": made, "defaultEmailAddress": {"emailAddress": f"zoe.{number * 7 % 100_003}@example.com"},
            "defaultPhoneNumber": None,
        },
        "shippingAddress": lives, "billingAddress": lives, "fulfillments": [], "refunds": [],
        "transactions": [{
            "id": f"gid://shopify/OrderTransaction/{FIRST + number}", "kind": "SALE", "status": "SUCCESS",
            "gateway": "shopify_payments", "test": False, "createdAt": made, "processedAt": made,
            "amountSet": said["totalPriceSet"], "parentTransaction": None,
        }],
    }  # fmt: skip
    lines = [FIRST + number * 10 + place for place in range(LINES)]
    for line, price in zip(lines, cents, strict=True):
        yield {
            "id": f"gid://shopify/LineItem/{line}", "title": f"Teapot {line % 97}", "variantTitle": "Blue",
            "sku": f"TEA-{line % 97}", "vendor": "Kettle & Co", "quantity": 1, "currentQuantity": 1,
            "requiresShipping": True, "taxable": True, "isGiftCard": False,
            "variant": {"id": f"gid://shopify/ProductVariant/{line % 97 + 1}"},
            "product": {"id": f"gid://shopify/Product/{line % 97 + 1}"}, "lineItemGroup": None, "customAttributes": [],
            "originalUnitPriceSet": _money(price), "discountAllocations": [],
            "taxLines": [{"priceSet": _money(price // 10)}], "__parentId": order,
        }  # fmt: skip
    yield {"id": f"gid://shopify/ShippingLine/{FIRST + number}", "title": "Standard", "code": "standard",
           "isRemoved": False, "originalPriceSet": _money(500), "__parentId": order}  # fmt: skip
    work = f"gid://shopify/FulfillmentOrder/{FIRST + number}"
    yield {
        "id": work, "status": "OPEN", "requestStatus": "UNSUBMITTED", "createdAt": made, "updatedAt": made,
        "fulfillAt": made, "fulfillBy": None,
        "assignedLocation": {"name": "Warehouse", "location": {"id": "gid://shopify/Location/1"}},
        "destination": {name: value for name, value in lives.items() if name not in ("provinceCode", "countryCodeV2")}
        | {"countryCode": "US"},
        "deliveryMethod": {"methodType": "SHIPPING"}, "fulfillmentHolds": [],
        "supportedActions": [{"action": "CREATE_FULFILLMENT"}, {"action": "HOLD"}], "__parentId": order,
    }  # fmt: skip
    for line in lines:
        yield {"id": f"gid://shopify/FulfillmentOrderLineItem/{line}", "totalQuantity": 1, "remainingQuantity": 1,
               "lineItem": {"id": f"gid://shopify/LineItem/{line}"}, "__parentId": work}  # fmt: skip


def _money(cents: int) -> Node:
    text = f"{cents // 100}.{cents % 100:02}"  # Shopify drops a last 0: 12.5
    side = {"amount": text[:-1] if text.endswith("0") else text, "currencyCode": "USD"}
    return {"shopMoney": side, "presentmentMoney": side}
