"""Money in webhook bodies: refunds, transactions, shipping lines."""

from decimal import Decimal
from functools import partial
from typing import Any

from integrations.shopify.values import (
    Body,
    bags_of,
    clean,
    count,
    identifier,
    maybe_identifier,
    text,
    when,
    zero,
)
from orders.money import Money, MoneyBag, decimal_of, text_of
from orders.snapshot import (
    AdjustmentSnapshot,
    PaymentSnapshot,
    RefundLineSnapshot,
    RefundSnapshot,
    ShippingLineSnapshot,
)


def refund(body: Body, currency: str, presentment: str) -> RefundSnapshot:
    return RefundSnapshot(
        remote_id=identifier(body["id"]),
        note=text(body, "note"),
        created_at=when(body.get("created_at")),
        processed_at=when(body.get("processed_at")),
        lines=[
            RefundLineSnapshot(
                line_remote_id=identifier(line["line_item_id"]),
                quantity=count(line["quantity"]),
                restock_type=text(line, "restock_type"),
                amounts={
                    "subtotal": bags_of(line, currency, presentment)("subtotal") or zero(currency, presentment),
                    "tax": bags_of(line, currency, presentment)("total_tax") or zero(currency, presentment),
                },
            )
            for line in body.get("refund_line_items") or []
        ],
        transactions=[_movement(t, currency, presentment) for t in body.get("transactions") or []],
        adjustments=_adjustments(body, currency, presentment),
        return_remote_id=maybe_identifier((body.get("return") or {}).get("id")),
    )


def _movement(body: Body, currency: str, presentment: str) -> dict[str, Any]:
    """What became of the money of a refund: {id, kind, status, gateway, amount: a money bag's sides as far as known}.

    A body names the amount in one currency; in an order of two currencies the other side is not known from it.
    """
    said: dict[str, Any] = {name: text(body, name) for name in ("id", "kind", "status", "gateway")}
    paid_in = text(body, "currency") or currency
    amount = {"amount": text_of(decimal_of(body.get("amount") or 0), paid_in), "currency": paid_in}
    sides = {"shop": currency, "presentment": presentment}
    return said | {"amount": {side: amount for side, its in sides.items() if its == paid_in}}


def _adjustments(body: Body, currency: str, presentment: str) -> list[AdjustmentSnapshot] | None:
    """What a refund pays back beside its lines; None where the body says nothing of it.

    A shipping refund stands among `order_adjustments` (as a negative amount) in bodies that have no
    `refund_shipping_lines`, and in both in newer ones; it is counted once.
    """
    if "order_adjustments" not in body:
        return None
    bag = partial(bags_of, currency=currency, presentment=presentment)
    nothing = zero(currency, presentment)
    named, others = body.get("refund_shipping_lines"), body.get("order_adjustments") or []
    shipping = [one for one in others if one.get("kind") == "shipping_refund"]
    parts = [
        *(("shipping", bag(one)("subtotal_amount"), one) for one in named or []),
        *(("shipping", _turned(bag(one)("amount") or nothing), one) for one in (shipping if named is None else [])),
        *(("duties", bag(one)("amount"), one) for one in body.get("duties") or []),
        *(("adjustment", bag(one)("amount"), one) for one in others if one not in shipping),
    ]
    return [
        AdjustmentSnapshot(
            kind,
            {"amount": amount or nothing, "tax": bag(one)("tax_amount") or nothing},
            clean(one.get("reason")).strip().lower().replace(" ", "_") if kind == "adjustment" else "",
        )
        for kind, amount, one in parts
    ]


def _turned(bag: MoneyBag) -> MoneyBag:
    return MoneyBag(*(Money(Decimal(0) - side.amount, side.currency) for side in (bag.shop, bag.presentment)))


def payment(body: Body, currency: str) -> PaymentSnapshot:
    """A transaction of an order in one currency: the body says one side of the amount only."""
    amount = Money(decimal_of(body.get("amount") or 0), text(body, "currency") or currency)
    return PaymentSnapshot(
        remote_id=identifier(body["id"]),
        parent_remote_id=maybe_identifier(body.get("parent_id")),
        kind=text(body, "kind"),
        status=text(body, "status"),
        gateway=text(body, "gateway"),
        amount=MoneyBag(amount, amount),
        test=bool(body.get("test")),
        created_at=when(body.get("created_at")),
        processed_at=when(body.get("processed_at")),
    )


def shipping_lines(body: Body, currency: str, presentment: str) -> list[ShippingLineSnapshot] | None:
    """The chosen ways of shipping, by id; None where the body has no such list."""
    if body.get("shipping_lines") is None:
        return None
    lines = [
        ShippingLineSnapshot(
            remote_id=identifier(line["id"]),
            title=text(line, "title"),
            code=text(line, "code"),
            removed=bool(line.get("is_removed")),
            price=bags_of(line, currency, presentment)("price") or zero(currency, presentment),
        )
        for line in body["shipping_lines"]
        if line.get("id")
    ]
    return sorted(lines, key=lambda line: line.remote_id)
