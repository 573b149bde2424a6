"""Draft orders: made, changed, deleted, and completed into an order of their own with a new id.

A draft is kept in the shape of an order as far as it goes, so that its sums are reckoned the same way.
"""

import uuid
from decimal import Decimal
from typing import Any

from sandbox import catalogue, clock, customers, kept_orders, records
from sandbox.announcing import Announcement
from sandbox.draft_bodies import draft_body
from sandbox.money import NOTHING, Bag, rounded
from sandbox.order_documents import (
    add_shipping_line,
    add_tax,
    catalogue_price,
    new_line,
    new_order,
    number_of,
    pay_in_full,
)
from sandbox.places import address_of
from sandbox.refund_requests import UserError
from sandbox.shops import Shop
from sandbox.store import Writing
from sandbox.totals import totals

Document = dict[str, Any]

DRAFT = "draft_order"
SOURCE = "shopify_draft_order"
MOST_LINES = 499
PLAIN = {"email": "email", "phone": "phone", "note": "note", "poNumber": "po_number", "sourceName": "source_name"}


def create(writing: Writing, shop: Shop, given: Document) -> Document:
    """A new draft of a ``DraftOrderInput``; raises UserError."""
    moment = clock.now()
    number = len(records.every(writing.connection, shop.domain, DRAFT)) + 1
    draft: Document = {
        "id": writing.new_id(),
        "shop": shop.domain,
        "name": f"#D{number}",
        "token": uuid.uuid4().hex,
        "status": "open",
        "created_at": moment,
        "updated_at": moment,
        "completed_at": None,
        "order_id": None,
        "currency": shop.currency,
        "presentment_currency": given.get("presentmentCurrencyCode") or shop.currency,
        "customer_id": None,
        "shipping_address": None,
        "billing_address": None,
        "tags": [],
        "attributes": [],
        "tax_exempt": False,
        "reserve_until": None,
        "lines": [],
        "shipping_lines": [],
        "refunds": [],
        "transactions": [],
        **dict.fromkeys(PLAIN.values()),
    }
    if not given.get("lineItems"):
        raise UserError(None, "Add at least 1 product")
    _apply(writing, shop, draft, given)
    records.keep(writing, shop.domain, DRAFT, draft)
    _announce(writing, draft, "create")
    return draft


def update(writing: Writing, shop: Shop, draft_gid: str, given: Document) -> Document:
    """Change what is given; raises UserError."""
    draft = _open(writing, shop, draft_gid)
    if "lineItems" in given and not given["lineItems"]:
        raise UserError(None, "Add at least 1 product")
    _apply(writing, shop, draft, given)
    _touch(writing, draft)
    return draft


def delete(writing: Writing, shop: Shop, draft_gid: str) -> None:
    """Delete a draft; the order it may have become stays. Raises UserError."""
    draft = known(writing, shop, draft_gid)
    records.remove(writing, DRAFT, draft["id"])
    Announcement(writing, shop.domain, None).add("draft_orders/delete", lambda: {"id": draft["id"]})


def complete(writing: Writing, shop: Shop, draft_gid: str, *, pending: bool, source_name: str | None) -> Document:
    """Make the order; paid by hand unless ``pending``. Returns the draft; raises UserError."""
    draft = _open(writing, shop, draft_gid)
    person = customers.by_id(writing.connection, shop.domain, draft["customer_id"])
    order = new_order(
        writing,
        shop,
        currency=draft["currency"],
        presentment_currency=draft["presentment_currency"],
        email=draft["email"] or (person["email"] if person else None),
        **{name: draft[name] for name in ("phone", "note", "tags", "attributes", "po_number")},
        shipping_address=draft["shipping_address"],
        billing_address=draft["billing_address"],
        source_name=source_name or draft["source_name"] or SOURCE,
    )
    for line in draft["lines"]:
        order["lines"].append({**line, "id": writing.new_id(), "taken": _taken(writing, shop, line)})
    for line in draft["shipping_lines"]:
        add_shipping_line(writing, order, title=line["title"], price=Bag.of(line["price"]))
    if not pending:
        pay_in_full(writing, order, gateway="manual")
    announcement = Announcement(writing, shop.domain, order["id"])
    if person:
        order["customer"] = customers.bought(writing, shop, person, order, announcement)
    kept_orders.insert(writing, order)
    announcement.order(order, "orders/create", *(() if pending else ("orders/paid",)), "orders/updated")
    draft.update(status="completed", order_id=order["id"], completed_at=order["created_at"])
    _touch(writing, draft)
    return draft


def known(writing: Writing, shop: Shop, draft_gid: str) -> Document:
    """The draft with this gid; raises UserError."""
    draft = records.find(writing.connection, shop.domain, DRAFT, number_of(draft_gid))
    if draft is None:
        raise UserError(["id"], "Draft order does not exist")
    return draft


def _taken(writing: Writing, shop: Shop, line: Document) -> Document:
    """Units from the shelves, by location; a draft is completed even when they run short."""
    variant = catalogue.by_id(line["variant_id"]) if line["variant_id"] else None
    if variant is None:
        return {}
    [places] = catalogue.take(writing, shop.domain, [(variant, line["quantity"])], obeying_policy=False)
    return {str(place): units for place, units in places.items()}


def _open(writing: Writing, shop: Shop, draft_gid: str) -> Document:
    draft = known(writing, shop, draft_gid)
    if draft["status"] == "completed":
        raise UserError(None, "This draft order has already been completed")
    return draft


def _touch(writing: Writing, draft: Document) -> None:
    draft["updated_at"] = clock.now_after(draft["updated_at"])
    records.keep(writing, draft["shop"], DRAFT, draft)
    _announce(writing, draft, "update")


def _announce(writing: Writing, draft: Document, verb: str) -> None:
    person = customers.by_id(writing.connection, draft["shop"], draft["customer_id"])
    announcement = Announcement(writing, draft["shop"], draft["order_id"])
    announcement.add(f"draft_orders/{verb}", lambda: draft_body(draft, person))


def _apply(writing: Writing, shop: Shop, draft: Document, given: Document) -> None:
    draft.update({kept: given[name] for name, kept in PLAIN.items() if name in given})
    if "tags" in given:
        draft["tags"] = sorted(set(given["tags"] or []))
    if "customAttributes" in given:
        draft["attributes"] = [{"name": one["key"], "value": one["value"]} for one in given["customAttributes"] or []]
    for name, kept in (("shippingAddress", "shipping_address"), ("billingAddress", "billing_address")):
        if name in given:
            draft[kept] = address_of(given[name])
    if "reserveInventoryUntil" in given:
        draft["reserve_until"] = clock.kept(given["reserveInventoryUntil"]) if given["reserveInventoryUntil"] else None
    if "taxExempt" in given:
        draft["tax_exempt"] = bool(given["taxExempt"])
    if customer := (given.get("purchasingEntity") or {}).get("customerId"):
        draft["customer_id"] = number_of(customer)
        if customers.by_id(writing.connection, shop.domain, draft["customer_id"]) is None:
            raise UserError(["purchasingEntity", "customerId"], "Customer does not exist")
    if given.get("lineItems"):
        if len(given["lineItems"]) > MOST_LINES:
            raise UserError(["lineItems"], f"Line items can't be more than {MOST_LINES}")
        draft["lines"] = [_line(writing, draft, one, position) for position, one in enumerate(given["lineItems"])]
    if shipping := given.get("shippingLine"):
        draft["shipping_lines"] = []
        price = _price(draft, shipping.get("priceWithCurrency"), ["shippingLine", "priceWithCurrency"]) or NOTHING
        add_shipping_line(writing, draft, title=shipping.get("title") or "Custom", price=price)
    if given.get("appliedDiscount"):
        _discount_all(draft, given["appliedDiscount"])
    _tax(draft)


def _line(writing: Writing, draft: Document, given: Document, position: int) -> Document:
    path = ["lineItems", str(position)]
    if given["quantity"] < 1:
        raise UserError([*path, "quantity"], "Quantity must be greater than or equal to 1")
    variant = None
    if given.get("variantId"):
        variant = catalogue.by_id(number_of(given["variantId"]) or 0)
        if variant is None:
            raise UserError(None, f"Product with ID {number_of(given['variantId'])} is no longer available.")
    elif not (given.get("title") or "").strip():
        raise UserError(None, "Merchandise title is empty.")
    price = _price(draft, given.get("originalUnitPriceWithCurrency"), [*path, "originalUnitPriceWithCurrency"])
    if variant:
        # With a variant Shopify takes the catalogue's price, whatever is given.
        price = catalogue_price(variant, draft["currency"], draft["presentment_currency"])
    line = new_line(
        writing,
        variant=variant,
        quantity=given["quantity"],
        price=price or NOTHING,
        requires_shipping=variant.ships if variant else bool(given.get("requiresShipping")),
        title=None if variant else given["title"],
        sku=given.get("sku"),
        taxable=variant.taxable if variant else bool(given.get("taxable", True)),
        properties=[{"name": one["key"], "value": one["value"]} for one in given.get("customAttributes") or []],
    )
    if discount := given.get("appliedDiscount"):
        _discount(draft, line, discount)
    return line


def _discount(draft: Document, line: Document, given: Document) -> None:
    """A percentage of the price, or a fixed amount off each unit, in the customer's currency."""
    price = Bag.of(line["price"])
    if given["valueType"] == "PERCENTAGE":
        share = min(Decimal(str(given["value"])), Decimal(100)) / 100
        off = Bag(
            rounded(price.shop * share, draft["currency"]),
            rounded(price.presentment * share, draft["presentment_currency"]),
        )
    else:
        off = Bag.converted(given["value"], draft["presentment_currency"], draft) or NOTHING
        off = Bag(min(off.shop, price.shop), min(off.presentment, price.presentment))
    line["discount"] = off.kept()


def _discount_all(draft: Document, given: Document) -> None:
    """The whole draft's discount, on every unit in proportion."""
    if given["valueType"] == "FIXED_AMOUNT":
        whole = totals(draft).lines.presentment
        value = float(min(Decimal(1), Decimal(str(given["value"])) / whole) * 100) if whole else 0
        given = {"value": value, "valueType": "PERCENTAGE"}
    for line in draft["lines"]:
        _discount(draft, line, given)


def _tax(draft: Document) -> None:
    state = (draft["shipping_address"] or {}).get("province_code")
    for line in draft["lines"]:
        line.update(tax=NOTHING.kept(), tax_title=None, tax_rate=None)
        if line["taxable"] and not draft["tax_exempt"] and state in catalogue.SALES_TAX:
            add_tax(line, *catalogue.SALES_TAX[state], draft)


def _price(draft: Document, given: Document | None, field: list[str]) -> Bag | None:
    if given is None:
        return None
    price = Bag.converted(given["amount"], given["currencyCode"], draft)
    if price is None:
        raise UserError(field, "The price must be a positive amount in the draft's currency")
    return price
