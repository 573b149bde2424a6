"""``orderCreate``: an order made by an app, such as the replacement for a lost parcel."""

import sqlite3
from decimal import Decimal
from typing import Any

from sandbox import catalogue, clock, customers, kept_orders, shelves
from sandbox.announcing import Announcement
from sandbox.catalogue import OutOfStock, Variant
from sandbox.money import Bag, rounded
from sandbox.order_documents import (
    OWN_APP_ID,
    add_shipping_line,
    add_transaction,
    catalogue_price,
    new_line,
    new_order,
    number_of,
    pay_in_full,
)
from sandbox.places import address_of
from sandbox.shops import Shop
from sandbox.store import Store, Writing
from sandbox.totals import financial_status, totals

Document = dict[str, Any]


# Development stores take five orders a minute from apps (recorded words).
LIMIT = 5
TOO_MANY = "Too many attempts. Please try again later."


class UserError(Exception):
    """What the caller got wrong: the path of the input, the words, the code of OrderCreateUserErrorCode."""

    def __init__(self, field: list[str] | None, message: str, code: str = "INVALID") -> None:
        super().__init__(message)
        self.shown = {"field": field, "message": message, "code": code}


def too_many(connection: sqlite3.Connection, shop: Shop) -> bool:
    """Whether apps have created as many orders within a minute as a development store takes."""
    row = connection.execute(
        "SELECT count(*) FROM orders WHERE shop = ? AND created_at > ? AND json_extract(document, '$.app_id') = ?",
        (shop.domain, clock.before(60), OWN_APP_ID),
    ).fetchone()
    return int(row[0]) >= LIMIT


def create(store: Store, shop: Shop, wanted: Document, options: Document) -> Document:
    """Create the order of an ``OrderCreateOrderInput``; raises UserError, and then nothing was kept."""
    with store.write() as writing:
        lines = _checked(wanted.get("lineItems") or [])
        claimed = _claim(writing, shop, lines, options.get("inventoryBehaviour", "BYPASS"))
        currency = wanted.get("currency") or shop.currency
        customer = _customer(writing, shop, wanted)
        order = new_order(
            writing,
            shop,
            currency=currency,
            presentment_currency=wanted.get("presentmentCurrency") or currency,
            name=wanted.get("name"),
            email=wanted.get("email") or (customer["email"] if customer else None),
            phone=wanted.get("phone"),
            note=wanted.get("note"),
            tags=wanted.get("tags"),
            test=wanted.get("test", False),
            po_number=wanted.get("poNumber"),
            closed_at=_moment(wanted.get("closedAt"), "closedAt"),
            processed_at=_moment(wanted.get("processedAt"), "processedAt"),
            attributes=[{"name": one["key"], "value": one["value"]} for one in wanted.get("customAttributes") or []],
            shipping_address=address_of(wanted.get("shippingAddress")),
            billing_address=address_of(wanted.get("billingAddress")),
            source_name=wanted.get("sourceName") or str(OWN_APP_ID),
            source_identifier=wanted.get("sourceIdentifier"),
            app_id=OWN_APP_ID,
            financial_status=(wanted.get("financialStatus") or "").lower() or None,
        )
        for (given, variant), places in zip(lines, claimed, strict=True):
            order["lines"].append(_line(writing, order, given, variant, places))
        for given in wanted.get("shippingLines") or []:
            price = _bag(given["priceSet"], order)
            add_shipping_line(writing, order, title=given["title"], price=price, code=given.get("code"))
        _discount(order, (wanted.get("discountCode") or {}).get("itemPercentageDiscountCode"))
        _pay(writing, order, wanted)
        _keep_metafields(writing, order, wanted.get("metafields") or [])
        announcement = Announcement(writing, shop.domain, order["id"])
        if customer:
            if order["shipping_address"]:
                # As at Shopify: an address given here becomes the customer's default address.
                customer = {**customer, "address": order["shipping_address"]}
            order["customer"] = customers.bought(writing, shop, customer, order, announcement)
        kept_orders.insert(writing, order)
        announcement.order(order, "orders/create")
        if financial_status(order, totals(order)) == "paid":
            announcement.order(order, "orders/paid")
        announcement.order(order, "orders/updated")
    return order


def _checked(given: list[Document]) -> list[tuple[Document, Variant | None]]:
    if not given:
        raise UserError(["order", "lineItems"], "Line items must have at least one line item")
    checked = []
    for position, line in enumerate(given):
        path = ["order", "lineItems", str(position)]
        variant = None
        if line["quantity"] < 1:
            raise UserError([*path, "quantity"], "Quantity must be greater than 0")
        if line.get("variantId"):
            variant = catalogue.by_id(number_of(line["variantId"]) or 0)
            if variant is None:
                raise UserError([*path, "variantId"], "Variant does not exist")
        elif not line.get("title"):
            raise UserError([*path, "title"], "Title can't be blank")
        elif not line.get("priceSet"):
            raise UserError([*path, "priceSet"], "Price can't be blank")
        checked.append((line, variant))
    return checked


def _claim(
    writing: Writing, shop: Shop, lines: list[tuple[Document, Variant | None]], behaviour: str
) -> list[shelves.Taken]:
    positions = [index for index, (_, variant) in enumerate(lines) if variant]
    claimed: list[shelves.Taken] = [{} for _ in lines]
    if behaviour == "BYPASS":
        return claimed
    counted = [(variant, given["quantity"]) for given, variant in lines if variant]
    try:
        taken = catalogue.take(writing, shop.domain, counted, obeying_policy=behaviour == "DECREMENT_OBEYING_POLICY")
    except OutOfStock as problem:
        path = ["order", "lineItems", str(positions[problem.position]), "variantId"]
        raise UserError(path, f"Unable to claim inventory: {problem}", "INVENTORY_CLAIM_FAILED") from None
    for position, places in zip(positions, taken, strict=True):
        claimed[position] = places
    return claimed


def _line(
    writing: Writing, order: Document, given: Document, variant: Variant | None, places: shelves.Taken
) -> Document:
    if given.get("priceSet"):
        price = _bag(given["priceSet"], order)
    else:
        assert variant is not None
        price = catalogue_price(variant, order["currency"], order["presentment_currency"])
    return new_line(
        writing,
        variant=variant,
        quantity=given["quantity"],
        price=price,
        # Shopify's default is false, even for things that plainly are shipped.
        requires_shipping=given.get("requiresShipping", False),
        # With a variant Shopify takes the title from the catalogue.
        title=None if variant else given["title"],
        sku=given.get("sku"),
        vendor=given.get("vendor"),
        variant_title=given.get("variantTitle"),
        product_id=number_of(given["productId"]) if given.get("productId") else None,
        taxable=given.get("taxable", True),
        gift_card=given.get("giftCard", False),
        properties=given.get("properties") or [],
        taken=places,
    )


def _discount(order: Document, given: Document | None) -> None:
    if not given:
        return
    share = Decimal(str(given.get("percentage") or 0)) / 100
    order["discount_code"], order["discount_percentage"] = given["code"], float(share * 100)
    for line in order["lines"]:
        price = Bag.of(line["price"])
        off = Bag(
            rounded(price.shop * share, order["currency"]),
            rounded(price.presentment * share, order["presentment_currency"]),
        )
        line["discount"] = off.kept()


def _pay(writing: Writing, order: Document, wanted: Document) -> None:
    given = wanted.get("transactions") or []
    for one in given:
        add_transaction(
            writing,
            order,
            kind=one.get("kind", "SALE").lower(),
            amount=_bag(one["amountSet"], order),
            gateway=one.get("gateway") or "manual",
        )
    if not given and order["financial_status"] == "paid":
        pay_in_full(writing, order, gateway="manual")


def _customer(writing: Writing, shop: Shop, wanted: Document) -> Document | None:
    given = wanted.get("customer") or {}
    if given and wanted.get("customerId"):
        raise UserError(["order"], "Only one of customer and customerId may be given", "REDUNDANT_CUSTOMER_FIELDS")
    named = given.get("toAssociate") or given.get("toUpsert") or {}
    gid, email = named.get("id") or wanted.get("customerId"), named.get("email")
    found = customers.by_id(writing.connection, shop.domain, number_of(gid) or 0) if gid else None
    if found is None and email:
        found = customers.by_email(writing.connection, shop.domain, email)
    if found is None and given.get("toUpsert"):
        return customers.register(writing, shop, named)
    if found is None and (gid or email):
        raise UserError(["order", "customer"], "Customer does not exist")
    return found


def _keep_metafields(writing: Writing, order: Document, given: list[Document]) -> None:
    for position, one in enumerate(given):
        kind, value = one.get("type") or "single_line_text_field", one.get("value")
        path = ["order", "metafields", str(position)]
        if not one.get("key") or not value:
            raise UserError([*path, "value"], "Value can't be blank")
        try:
            writing.connection.execute(
                "INSERT INTO metafields VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    writing.new_id(),
                    order["shop"],
                    order["id"],
                    one.get("namespace") or "$app",
                    one["key"],
                    kind,
                    value,
                    order["created_at"],
                ),
            )
        except sqlite3.IntegrityError:
            raise UserError([*path, "value"], "Value is already assigned to another order's metafield") from None


def _bag(given: Document, order: Document) -> Bag:
    """Both sides as given; the customer's is reckoned at the fixed rates when only the shop's is there."""
    shop = Decimal(str(given["shopMoney"]["amount"]))
    presentment = given.get("presentmentMoney")
    if presentment:
        return Bag(shop, Decimal(str(presentment["amount"])))
    return Bag.converted(shop, order["currency"], order) or Bag(shop, shop)


def _moment(text: str | None, field: str) -> str | None:
    if text is None:
        return None
    try:
        moment = clock.kept(text)
    except ValueError:
        raise UserError(["order", field], f"{field} is not a date and time") from None
    if field == "processedAt" and moment > clock.now():
        raise UserError(["order", field], "Processed at can't be in the future", "PROCESSED_AT_INVALID")
    return moment
