"""A customer buys in the demo shop's store front."""

import json
import threading
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from sandbox import catalogue, clock, customers, kept_orders
from sandbox.announcing import Announcement
from sandbox.catalogue import Variant
from sandbox.money import Bag, from_dollars, in_webhooks, rounded
from sandbox.oddities import USUAL, Oddities, bought_besides, dress, give_identity, pay_in_cash
from sandbox.order_documents import (
    add_shipping_line,
    add_tax,
    catalogue_price,
    new_line,
    new_order,
    pay_in_full,
)
from sandbox.shelves import Taken
from sandbox.shipment_bodies import transaction_body
from sandbox.shops import Shop
from sandbox.store import Store, Writing
from sandbox.totals import totals

Document = dict[str, Any]

CONSENT_TEXT_VERSION = "2026-11"
FREE_SHIPPING_FROM = Decimal("100")
SHIPPING_PRICE = Decimal("6.90")

_turns = count()
_turns_lock = threading.Lock()


class Impossible(Exception):
    """The store front cannot sell that; the text says why."""


@dataclass(frozen=True, slots=True)
class Cart:
    """What to buy. ``lines`` are (sku, quantity), by default a usual cart; ``customer`` and address: any or none.

    ``turn`` chooses the customer (and the usual cart); without it everybody has their turn.
    """

    protected: bool = False
    lines: tuple[tuple[str, int], ...] = ()
    currency: str | None = None
    presentment_currency: str | None = None
    customer: bool = True
    shipping_address: bool = True
    note: str | None = None
    test: bool = False
    turn: int | None = None
    odd: Oddities = USUAL


def place(store: Store, shop: Shop, cart: Cart) -> Document:
    """Place one order, paid unless it is odd, and announce it; raises Impossible. Returns the order document."""
    with _turns_lock:
        turn = next(_turns) if cart.turn is None else cart.turn
    bought = _bought(cart, turn)
    own = len(bought)
    bought += bought_besides(cart.odd, bought)
    anonymous = cart.odd.over_the_counter
    currency = cart.currency or shop.currency
    with store.write() as writing:
        try:
            taken = catalogue.take(writing, shop.domain, bought)
        except catalogue.OutOfStock as problem:
            raise Impossible(str(problem)) from None
        person = customers.in_seat(writing.connection, shop, turn) if cart.customer and not anonymous else None
        home = person["address"] if person else catalogue.PEOPLE[0]["address"]
        address = home if cart.shipping_address and not anonymous else None
        order = new_order(
            writing,
            shop,
            currency=currency,
            presentment_currency=cart.presentment_currency or currency,
            email=person["email"] if person else None,
            phone=person["phone"] if person else None,
            note=cart.note,
            test=cart.test,
            shipping_address=address,
            billing_address=person["address"] if person else None,
            **give_identity(writing, shop.domain, cart.odd),
        )
        for (variant, quantity), places in zip(bought, taken, strict=True):
            order["lines"].append(_line(writing, order, variant, quantity, places))
        if cart.protected:
            _protect(writing, order)
        if address and any(line["requires_shipping"] for line in order["lines"]):
            free = totals(order).subtotal.shop >= from_dollars(FREE_SHIPPING_FROM, currency)
            price = _bag(Decimal(0) if free else SHIPPING_PRICE, order)
            add_shipping_line(writing, order, title="Standard", price=price)
        dress(writing, order, cart.odd, own)
        if cart.odd.rounding:
            pay_in_cash(writing, order, cart.odd.rounding)
        elif cart.odd.paid:
            pay_in_full(writing, order)
        announcement = Announcement(writing, shop.domain, order["id"])
        if person:
            order["customer"] = customers.bought(writing, shop, person, order, announcement)
        kept_orders.insert(writing, order)
        paid = ("orders/paid",) if cart.odd.paid or cart.odd.rounding else ()
        announcement.order(order, "orders/create", *paid, "orders/updated")
        for transaction in order["transactions"]:
            announcement.add("order_transactions/create", partial(transaction_body, transaction, order))
    return order


def _bought(cart: Cart, turn: int) -> list[tuple[Variant, int]]:
    lines = cart.lines or catalogue.USUAL_CARTS[turn % len(catalogue.USUAL_CARTS)]
    bought = []
    for sku, quantity in lines:
        variant = catalogue.by_sku(sku)
        if variant is None:
            raise Impossible(f"There is no product with the SKU {sku}")
        if quantity < 1:
            raise Impossible(f"{quantity} units of {sku} cannot be bought")
        bought.append((variant, quantity))
    return bought


def _line(writing: Writing, order: Document, variant: Variant, quantity: int, places: Taken) -> Document:
    price = catalogue_price(variant, order["currency"], order["presentment_currency"])
    line = new_line(
        writing, variant=variant, quantity=quantity, price=price, requires_shipping=variant.ships, taken=places
    )
    state = (order["shipping_address"] or {}).get("province_code")
    if variant.taxable and state in catalogue.SALES_TAX:
        add_tax(line, *catalogue.SALES_TAX[state], order)
    return line


def _protect(writing: Writing, order: Document) -> None:
    """Add the fee as a line of its own, and how the customer agreed to it as an attribute of the order."""
    subtotal = totals(order).subtotal
    least = _bag(catalogue.LEAST_FEE, order)
    fee = Bag(
        max(rounded(subtotal.shop * catalogue.FEE_SHARE, order["currency"]), least.shop),
        max(rounded(subtotal.presentment * catalogue.FEE_SHARE, order["presentment_currency"]), least.presentment),
    )
    order["lines"].append(
        new_line(writing, variant=catalogue.PROTECTION, quantity=1, price=fee, requires_shipping=False)
    )
    consent = {
        "shown_text_version": CONSENT_TEXT_VERSION,
        "default_on": False,
        "how": "cart_widget",
        "locale": "en",
        "at": clock.in_graphql(order["created_at"]),
        "price": in_webhooks(fee.shop, order["currency"]),
    }
    order["attributes"].append({"name": "protection_consent", "value": json.dumps(consent)})


def _bag(dollars: Decimal, order: Document) -> Bag:
    return Bag(from_dollars(dollars, order["currency"]), from_dollars(dollars, order["presentment_currency"]))
