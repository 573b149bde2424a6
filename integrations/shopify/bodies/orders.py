"""The order itself in webhook bodies: its head, lines, customer and addresses."""

from typing import Any

from integrations.shopify.balance import Terms, discrepancy
from integrations.shopify.bodies import money, shipments
from integrations.shopify.values import (
    Body,
    bags_of,
    count,
    identifier,
    maybe_identifier,
    pairs,
    required_time,
    sum_of,
    tags,
    text,
    when,
    zero,
)
from orders.snapshot import Address, CustomerSnapshot, LineSnapshot, OrderSnapshot, RefundSnapshot


def order(body: Body) -> OrderSnapshot:
    currency = text(body, "currency") or "XXX"  # ISO 4217 for "no currency": seen only in cut-down bodies
    presentment = text(body, "presentment_currency") or currency
    bag = bags_of(body, currency, presentment)
    created = when(body.get("created_at")) or when(body.get("processed_at")) or required_time(body, "updated_at")
    groups = {identifier(one["id"]): one for one in body.get("line_item_groups") or [] if one.get("id")}
    refunds = [money.refund(one, currency, presentment) for one in body.get("refunds") or []]
    amounts = {
        "total": bag("total_price") or zero(currency, presentment),
        "subtotal": bag("subtotal_price"),
        "discounts": bag("total_discounts"),
        "tax": bag("total_tax"),
        "shipping": bag("total_shipping_price"),
        "duties": bag("current_total_duties"),
        "additional_fees": bag("current_total_additional_fees"),
        "current_total": bag("current_total_price"),
        "current_subtotal": bag("current_subtotal_price"),
        "current_tax": bag("current_total_tax"),
        "current_discounts": bag("current_total_discounts"),
    }
    known = {name: amount for name, amount in amounts.items() if amount}
    lines = [_line(one, currency, presentment, refunds, groups) for one in body.get("line_items") or []]
    shipping = money.shipping_lines(body, currency, presentment)
    terms = Terms(
        taxes_included=_flag(body.get("taxes_included")),
        duties_included=bool(body.get("duties_included")),
        tips=bag("total_tip_received"),
        rounding=bag("total_cash_rounding_payment_adjustment"),
    )
    return OrderSnapshot(
        remote_id=identifier(body["id"]),
        name=text(body, "name") or f"#{body.get('order_number') or body['id']}",
        number=maybe_identifier(body.get("order_number") or body.get("number")),
        created_at=created,
        updated_at=when(body.get("updated_at")) or created,
        currency=currency,
        presentment_currency=presentment,
        amounts=known,
        lines=lines,
        email=text(body, "email") or text(body, "contact_email"),
        phone=text(body, "phone"),
        note=text(body, "note"),
        tags=tags(body.get("tags")),
        attributes=pairs(body.get("note_attributes")),
        test=bool(body.get("test")),
        source_name=text(body, "source_name"),
        source_identifier=text(body, "source_identifier"),
        processed_at=when(body.get("processed_at")),
        cancelled_at=when(body.get("cancelled_at")),
        cancel_reason=text(body, "cancel_reason"),
        closed_at=when(body.get("closed_at")),
        financial_status=text(body, "financial_status"),
        fulfillment_status=text(body, "fulfillment_status"),
        customer=customer(body["customer"]) if (body.get("customer") or {}).get("id") else None,
        shipping_address=address(body.get("shipping_address")),
        billing_address=address(body.get("billing_address")),
        fulfillments=[shipments.fulfillment(parcel) for parcel in body.get("fulfillments") or []],
        refunds=refunds,
        shipping_lines=shipping,
        discount_codes=_discount_codes(body),
        confirmation_number=text(body, "confirmation_number") if "confirmation_number" in body else None,
        po_number=text(body, "po_number") if "po_number" in body else None,
        customer_locale=text(body, "customer_locale")[:35] if "customer_locale" in body else None,
        return_status=text(body, "return_status").lower() if "return_status" in body else None,
        taxes_included=_flag(body.get("taxes_included")),
        discrepancy=discrepancy(known, lines, shipping, terms, refunded=bool(refunds)),
    )


def _flag(said: object) -> bool | None:
    return said if isinstance(said, bool) else None


def _discount_codes(body: Body) -> list[str] | None:
    codes = body.get("discount_codes")
    return None if codes is None else sorted({text(one, "code") for one in codes} - {""})


def _line(
    body: Body, currency: str, presentment: str, refunds: list[RefundSnapshot], groups: dict[int, Body]
) -> LineSnapshot:
    bag = bags_of(body, currency, presentment)
    remote_id, quantity = identifier(body["id"]), count(body["quantity"])
    current = body.get("current_quantity")
    if current is None:  # bodies before API 2024-10 do not say it
        refunded = sum(part.quantity for r in refunds for part in r.lines if part.line_remote_id == remote_id)
        current = max(0, quantity - refunded)
    # `total_discount` holds line discounts only; what the buyer really got is in the allocations.
    discount = sum_of(body.get("discount_allocations"), "amount", currency, presentment) or bag("total_discount")
    return LineSnapshot(
        remote_id=remote_id,
        title=text(body, "title") or text(body, "name"),
        quantity=quantity,
        current_quantity=count(current),
        amounts={
            "unit_price": bag("price") or zero(currency, presentment),
            "discount": discount or zero(currency, presentment),
            "tax": sum_of(body.get("tax_lines"), "price", currency, presentment) or zero(currency, presentment),
        },
        variant_title=text(body, "variant_title"),
        sku=text(body, "sku"),
        vendor=text(body, "vendor"),
        variant_id=maybe_identifier(body.get("variant_id")),
        product_id=maybe_identifier(body.get("product_id")),
        requires_shipping=bool(body.get("requires_shipping", True)),
        taxable=bool(body.get("taxable", True)),
        gift_card=bool(body.get("gift_card")),
        tip="tip" in body and body["tip"] is not None,
        fulfillment_status=text(body, "fulfillment_status"),
        properties=pairs(body.get("properties")),
        group=_group(maybe_identifier(body.get("sales_line_item_group_id")), groups),
    )


def _group(group_id: int | None, groups: dict[int, Body]) -> dict[str, Any] | None:
    """The bundle a line is a part of. Most bodies name its id only."""
    if group_id is None:
        return None
    said = groups.get(group_id, {})
    named = {"title": text(said, "title")} if said.get("title") else {}
    many = {"quantity": count(said["quantity"])} if said.get("quantity") is not None else {}
    return {"id": str(group_id), **named, **many}


def customer(body: Body) -> CustomerSnapshot:
    return CustomerSnapshot(
        remote_id=identifier(body["id"]),
        email=text(body, "email"),
        phone=text(body, "phone"),
        first_name=text(body, "first_name"),
        last_name=text(body, "last_name"),
        updated_at=when(body.get("updated_at")),
    )


def address(body: Body | None) -> Address | None:
    """A postal address; None when there is none (digital, pickup, point of sale)."""
    if not body:
        return None
    return Address(**{name: text(body, name) for name in Address.__dataclass_fields__})
