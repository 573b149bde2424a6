"""The shape an order is kept in: one JSON document, the source of webhook bodies and GraphQL answers alike.

Money is kept per unit (price, discount, tax), as bags of decimal strings, so that any number of units taken back
has an exact price. ``removed`` counts units taken off before shipping, ``returned`` after it.
"""

import secrets
import uuid
from decimal import Decimal
from typing import Any

from sandbox import clock, shops
from sandbox.catalogue import GIFT_CARD, VENDOR, Variant
from sandbox.money import NOTHING, Bag, from_dollars, rounded
from sandbox.shops import Shop
from sandbox.store import Writing
from sandbox.totals import totals

Document = dict[str, Any]

# The one app every shop here has installed.
OWN_APP_ID = 7_300_001


def new_line(
    writing: Writing, *, variant: Variant | None, quantity: int, price: Bag, requires_shipping: bool, **given: Any
) -> Document:
    """A line of ``quantity`` units; what is not given comes from the catalogue's variant."""
    return {
        "id": writing.new_id(),
        "product_id": variant.product_id if variant else given.get("product_id"),
        "variant_id": variant.id if variant else None,
        "title": given.get("title") or (variant.title if variant else ""),
        "variant_title": variant.option if variant else given.get("variant_title"),
        "sku": given.get("sku") or (variant.sku if variant else None),
        "vendor": VENDOR if variant else given.get("vendor"),
        "grams": variant.grams if variant else 0,
        "quantity": quantity,
        "requires_shipping": requires_shipping,
        "taxable": given.get("taxable", variant.taxable if variant else True),
        "gift_card": given.get("gift_card", variant is not None and variant.sku == GIFT_CARD.sku),
        "properties": given.get("properties", []),
        "price": price.kept(),
        "discount": NOTHING.kept(),
        "tax": NOTHING.kept(),
        "tax_title": None,
        "tax_rate": None,
        # Where its units were taken from, {location: units}; JSON has only texts as keys.
        "taken": {str(place): units for place, units in (given.get("taken") or {}).items()},
        "fulfilled": 0,
        "removed": 0,
        "returned": 0,
    }


def catalogue_price(variant: Variant, currency: str, presentment_currency: str) -> Bag:
    """What the catalogue asks for one unit."""
    return Bag(from_dollars(variant.price, currency), from_dollars(variant.price, presentment_currency))


def add_tax(line: Document, title: str, rate: Decimal, order: Document) -> None:
    """Sales tax on top of each unit, rounded per unit."""
    net = Bag.of(line["price"]) - Bag.of(line["discount"])
    tax = Bag(
        rounded(net.shop * rate, order["currency"]), rounded(net.presentment * rate, order["presentment_currency"])
    )
    line.update(tax=tax.kept(), tax_title=title, tax_rate=float(rate))


def new_order(writing: Writing, shop: Shop, *, currency: str, presentment_currency: str, **given: Any) -> Document:
    """An order without lines, money or shipments yet."""
    number = shops.next_order_number(writing, shop)
    moment = clock.now()
    return {
        "id": writing.new_id(),
        "shop": shop.domain,
        "shop_id": shop.id,
        "number": number,
        "name": given.get("name") or f"#{number}",
        "confirmation_number": secrets.token_hex(5).upper()[:9],
        "token": uuid.uuid4().hex,
        "po_number": given.get("po_number"),
        "customer_locale": given.get("customer_locale") or "en",
        "created_at": moment,
        "updated_at": moment,
        "processed_at": given.get("processed_at") or moment,
        "cancelled_at": None,
        "cancel_reason": None,
        "closed_at": given.get("closed_at"),
        "edited": False,
        "test": given.get("test", False),
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "tags": sorted(given.get("tags") or []),
        "attributes": given.get("attributes") or [],
        "currency": currency,
        "presentment_currency": presentment_currency,
        "customer": given.get("customer"),
        "shipping_address": given.get("shipping_address"),
        "billing_address": given.get("billing_address") or given.get("shipping_address"),
        "source_name": given.get("source_name") or "web",
        "source_identifier": given.get("source_identifier"),
        "app_id": given.get("app_id"),
        "location_id": given.get("location_id"),
        "financial_status": given.get("financial_status"),
        "discount_code": None,
        "discount_percentage": None,
        "lines": [],
        "shipping_lines": [],
        "fulfillments": [],
        "refunds": [],
        "transactions": [],
    }


def add_shipping_line(writing: Writing, order: Document, *, title: str, price: Bag, code: str | None = None) -> None:
    """One chosen way of shipping."""
    line = {"id": writing.new_id(), "title": title, "code": code or title, "source": "shopify", "price": price.kept()}
    order["shipping_lines"].append(line)


def add_transaction(
    writing: Writing,
    order: Document,
    *,
    kind: str,
    amount: Bag,
    gateway: str,
    parent_id: int | None = None,
    status: str = "success",
) -> Document:
    """Money that moved, or is about to (``pending``), or could not (``failure``)."""
    moment = clock.now()
    transaction = {
        "id": writing.new_id(),
        "kind": kind,
        "status": status,
        "error_code": "processing_error" if status == "failure" else None,
        "gateway": gateway,
        "amount": amount.kept(),
        "parent_id": parent_id,
        "created_at": moment,
        "processed_at": moment,
        "test": order["test"],
    }
    order["transactions"].append(transaction)
    return transaction


def pay_in_full(writing: Writing, order: Document, gateway: str = "bogus") -> None:
    """The customer's card is charged for all that is outstanding."""
    outstanding = totals(order).outstanding
    if outstanding.shop > 0:
        add_transaction(writing, order, kind="sale", amount=outstanding, gateway=gateway)


def gid(kind: str, number: int) -> str:
    """``gid://shopify/Order/123``."""
    return f"gid://shopify/{kind}/{number}"


def number_of(text: str) -> int | None:
    """The number at the end of a gid, or of a plain number; None when there is none."""
    tail = text.rsplit("/", 1)[-1].split("?")[0]
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 19 else None
