"""Bulk files for tests: orders and lines as Shopify writes them, one object a line, slashes escaped."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from integrations.history import process, staging
from integrations.history.batches import BATCH, Loaded
from integrations.history.loading import load
from integrations.models import Connection, SyncRun
from orders.tests.builders import next_id

Node = dict[str, Any]
DATES = ("createdAt", "processedAt", "updatedAt")


def money(amount: str, currency: str = "USD", other: str | None = None, presentment: str | None = None) -> Node:
    return {
        "shopMoney": {"amount": amount, "currencyCode": currency},
        "presentmentMoney": {"amount": other or amount, "currencyCode": presentment or currency},
    }


def address(**fields: Any) -> Node:
    empty = dict.fromkeys("company address2 province provinceCode phone".split())
    return {
        **empty, "firstName": "Zoë", "lastName": "Lindqvist", "address1": "1 Test Street", "city": "Springfield",
        "zip": "62701", "country": "United States", "countryCodeV2": "US", **fields,
    }  # fmt: skip


def customer_node(remote_id: int | None = None, **fields: Any) -> Node:
    return {
        "id": f"gid://shopify/Customer/{remote_id or next_id()}", "firstName": "Zoë", "lastName": "Lindqvist",
        "updatedAt": "2026-11-20T12:00:00Z", "defaultEmailAddress": {"emailAddress": "zoe@example.com"},
        "defaultPhoneNumber": None, **fields,
    }  # fmt: skip


def order_node(remote_id: int | None = None, **fields: Any) -> Node:
    amounts = (
        "totalPriceSet subtotalPriceSet totalDiscountsSet totalTaxSet totalShippingPriceSet currentTotalPriceSet "
        "currentSubtotalPriceSet currentTotalTaxSet currentTotalDiscountsSet"
    ).split()
    return {
        "id": f"gid://shopify/Order/{remote_id or next_id()}", "name": "#1001", "number": 1001, "sourceName": "web",
        "sourceIdentifier": None, "test": False, **dict.fromkeys(DATES, "2026-11-20T12:00:00Z"), "cancelledAt": None,
        "cancelReason": None, "closedAt": None, "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED", "email": "zoe@example.com", "phone": None, "note": None,
        "tags": ["vip", "spring"], "customAttributes": [], "currencyCode": "USD", "presentmentCurrencyCode": "USD",
        **{name: money("0.0" if "Discounts" in name or "Tax" in name or "Shipping" in name else "40.0")
           for name in amounts}, "customer": customer_node(), "shippingAddress": address(),
        "billingAddress": address(), "confirmationNumber": "XPAV284CT", "poNumber": None,
        "customerLocale": "de-AT", "discountCodes": [],
        "returnStatus": "NO_RETURN", "risk": {"recommendation": "ACCEPT"}, "taxesIncluded": False,
        "dutiesIncluded": False, "totalTipReceivedSet": money("0.0"), "currentTotalDutiesSet": None,
        "currentTotalAdditionalFeesSet": None, "totalCashRoundingAdjustment": {"paymentSet": money("0.0")},
        "fulfillments": [], "refunds": [], "transactions": [], **fields,
    }  # fmt: skip


def line_node(remote_id: int | None = None, **fields: Any) -> Node:
    return {
        "id": f"gid://shopify/LineItem/{remote_id or next_id()}", "title": "Teapot", "variantTitle": None,
        "sku": "TEAPOT", "vendor": "Kettle & Co", "quantity": 1, "currentQuantity": 1, "requiresShipping": True,
        "taxable": True, "isGiftCard": False, "variant": {"id": "gid://shopify/ProductVariant/42"},
        "product": {"id": "gid://shopify/Product/7"}, "customAttributes": [], "originalUnitPriceSet": money("40.0"),
        "discountAllocations": [], "taxLines": [], "lineItemGroup": None, "unfulfilledQuantity": 0, **fields,
    }  # fmt: skip


def transaction_node(**fields: Any) -> Node:
    return {
        "id": f"gid://shopify/OrderTransaction/{next_id()}", "kind": "SALE", "status": "SUCCESS", "gateway": "bogus",
        "test": True, "createdAt": "2026-11-20T12:00:00Z", "processedAt": "2026-11-20T12:00:01Z",
        "amountSet": money("40.0"), "parentTransaction": None, **fields,
    }  # fmt: skip


def shipping_line_node(**fields: Any) -> Node:
    return {"id": f"gid://shopify/ShippingLine/{next_id()}", "title": "Standard", "code": None, "isRemoved": False,
            "originalPriceSet": money("5.0"), **fields}  # fmt: skip


def work_node(**fields: Any) -> Node:
    return {
        "id": f"gid://shopify/FulfillmentOrder/{next_id()}", "status": "OPEN", "requestStatus": "UNSUBMITTED",
        "createdAt": "2026-11-20T12:00:00Z", "updatedAt": "2026-11-20T12:00:00Z", "fulfillAt": None, "fulfillBy": None,
        "assignedLocation": {"name": "Warehouse", "location": {"id": "gid://shopify/Location/5"}},
        "destination": address(countryCode="US"), "deliveryMethod": {"methodType": "SHIPPING"}, "fulfillmentHolds": [],
        "supportedActions": [{"action": "HOLD"}, {"action": "CREATE_FULFILLMENT"}], **fields,
    }  # fmt: skip


def work_line_node(line: Node, **fields: Any) -> Node:
    return {"id": f"gid://shopify/FulfillmentOrderLineItem/{next_id()}", "totalQuantity": 1, "remainingQuantity": 1,
            "lineItem": {"id": line["id"]}, **fields}  # fmt: skip


def parcel_node(*parts: Node, **fields: Any) -> Node:
    """A parcel of these lines, as `part_node` makes them."""
    return {
        "id": f"gid://shopify/Fulfillment/{next_id()}", "name": "#1001-F1", "status": "SUCCESS",
        "displayStatus": "IN_TRANSIT", "createdAt": "2026-11-20T13:00:00Z", "updatedAt": "2026-11-20T14:00:00Z",
        "totalQuantity": sum(part["quantity"] for part in parts), "location": {"id": "gid://shopify/Location/5"},
        "trackingInfo": [{"company": "UPS", "number": "1Z1", "url": "https://ups.example.com/1Z1"}], **fields,
    }  # fmt: skip


def part_node(line: Node, quantity: int = 1) -> Node:
    item = {name: line[name] for name in ("id", "unfulfilledQuantity")}
    return {"id": f"gid://shopify/FulfillmentLineItem/{next_id()}", "quantity": quantity, "lineItem": item}


def scan_node(**fields: Any) -> Node:
    return {"id": f"gid://shopify/FulfillmentEvent/{next_id()}", "status": "IN_TRANSIT", "message": "Departed",
            "happenedAt": "2026-11-20T13:30:00Z", "city": "Louisville", "province": "KY", "country": "US",
            "zip": "40213", **fields}  # fmt: skip


def sent(order: Node, *parcels: tuple[Node, list[Node]]) -> list[Node]:
    """A fulfillment order as the file of parcels has it: with its parcels, each followed by its lines and scans."""
    root = {"id": f"gid://shopify/FulfillmentOrder/{next_id()}", "orderId": order["id"]}
    return [root, *(node for parcel, children in parcels
                    for node in ({**parcel, "__parentId": root["id"]}, *of(parcel, *children)[1:]))]  # fmt: skip


def of(order: Node, *lines: Node) -> list[Node]:
    """The order and its lines, as they stand together in a file."""
    return [order, *({**line, "__parentId": order["id"]} for line in lines)]


def write(path: Path, nodes: Iterable[Node]) -> Path:
    """A file as Shopify writes it."""
    lines = (json.dumps(node, separators=(",", ":"), ensure_ascii=False).replace("/", "\\/") for node in nodes)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def begin(connection: Connection) -> SyncRun:
    return SyncRun.objects.create(connection=connection, kind=SyncRun.Kind.BACKFILL, by="tests")


def line_to_database() -> psycopg.Connection[Any]:
    """A session of the loader's own, on the test's database."""
    return psycopg.connect(**process.database_parameters(), prepare_threshold=None)


def load_file(
    connection: Connection, path: Path, run: SyncRun | None = None, *, holds: str = "orders", batch: int = BATCH
) -> list[Loaded]:
    """Load a file in this process; one `Loaded` a batch."""
    run = run or begin(connection)
    with line_to_database() as database:
        survey = staging.stage(database, run.pk, path, holds=holds)
        task = process.job_of(run, path, holds=holds, batch=batch)
        return list(load(database, task, 0, has_far=survey.far > 0))
