"""An order as JSON for partners. Money is text in both currencies, remote ids are text (they exceed 2^53)."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from orders.models import Fulfillment, FulfillmentOrder, Order, Payment, Refund, Return, TrackingEvent, units_to_send
from orders.money import text_of


def with_parts(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Everything `represent` reads, in a fixed number of queries."""
    scans = Prefetch("scans", TrackingEvent.objects.filter(deleted_at=None))
    parcels = Fulfillment.objects.order_by("remote_created_at", "id").prefetch_related(scans)
    return orders.prefetch_related(
        "lines", "refunds",
        Prefetch("fulfillments", parcels),
        Prefetch("payments", Payment.objects.order_by("id")),
        Prefetch("fulfillment_orders", FulfillmentOrder.objects.order_by("remote_created_at", "id")),
        Prefetch("returns", Return.objects.order_by("id")),
    )  # fmt: skip


def represent(order: Order) -> dict[str, Any]:
    """The whole order; `with_parts` has fetched what it reads."""
    lines = list(order.lines.all())
    public_ids = {line.remote_id: line.public_id for line in lines}
    work = list(order.fulfillment_orders.all())
    return {
        "id": order.public_id,
        "shop": order.shop.domain,
        "remote_id": str(order.remote_id),
        "name": order.name,
        "number": order.number,
        "version": order.version,
        "test": order.test,
        "email": order.email,
        "phone": order.phone,
        "note": order.note,
        "tags": order.tags,
        "attributes": order.attributes,
        "confirmation_number": order.confirmation_number,
        "po_number": order.po_number,
        "customer_locale": order.customer_locale or None,
        "discount_codes": order.discount_codes,
        "source_name": order.source_name,
        "source_identifier": order.source_identifier,
        "financial_status": order.financial_status,
        "fulfillment_status": order.fulfillment_status,
        "return_status": order.return_status,
        "risk": order.risk,
        "cancel_reason": order.cancel_reason,
        "currency": order.currency,
        "presentment_currency": order.presentment_currency,
        "amounts": order.amounts,
        "discrepancy": None if order.discrepancy is None else text_of(order.discrepancy, order.currency),
        "customer": order.customer
        and {
            "id": order.customer.public_id,
            "remote_id": str(order.customer.remote_id),
            "email": order.customer.email,
            "phone": order.customer.phone,
            "first_name": order.customer.first_name,
            "last_name": order.customer.last_name,
        },
        "shipping_address": order.shipping_address,
        "billing_address": order.billing_address,
        "line_items": [
            {
                "id": line.public_id,
                "remote_id": str(line.remote_id),
                "title": line.title,
                "variant_title": line.variant_title,
                "sku": line.sku,
                "vendor": line.vendor,
                "variant_id": line.variant_id and str(line.variant_id),
                "product_id": line.product_id and str(line.product_id),
                "quantity": line.quantity,
                "current_quantity": line.current_quantity,
                "requires_shipping": line.requires_shipping,
                "taxable": line.taxable,
                "gift_card": line.gift_card,
                "tip": line.tip,
                "fulfillment_status": line.fulfillment_status,
                "amounts": line.amounts,
                "properties": line.properties,
                "group": line.group,
            }
            for line in lines
        ],
        "shipping_lines": order.shipping_lines and [_with_text_id(part) for part in order.shipping_lines],
        "payments": [_payment(payment) for payment in order.payments.all()],
        "units_to_send": [
            _line_part({"line": line, "quantity": quantity}, public_ids)
            for line, quantity in units_to_send(work).items()
        ],
        "fulfillment_orders": [_fulfillment_order(one, public_ids) for one in work],
        "fulfillments": [_fulfillment(parcel, public_ids) for parcel in order.fulfillments.all()],
        "returns": [_return(one, public_ids) for one in order.returns.all()],
        "refunds": [_refund(refund, public_ids) for refund in order.refunds.all()],
        "placed_at": order.placed_at,
        "remote_created_at": order.remote_created_at,
        "remote_updated_at": order.remote_updated_at,
        "processed_at": order.processed_at,
        "cancelled_at": order.cancelled_at,
        "closed_at": order.closed_at,
        "deleted_at": order.deleted_at,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "remote_id": str(payment.remote_id),
        "parent_remote_id": payment.parent_remote_id and str(payment.parent_remote_id),
        "kind": payment.kind,
        "status": payment.status,
        "gateway": payment.gateway,
        "amount": payment.amount,
        "test": payment.test,
        "created_at": payment.remote_created_at,
        "processed_at": payment.processed_at,
    }


def _fulfillment_order(work: FulfillmentOrder, public_ids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": work.public_id,
        "remote_id": str(work.remote_id),
        "status": work.status,
        "request_status": work.request_status,
        "location_id": work.location_id and str(work.location_id),
        "location_name": work.location_name,
        "delivery_method": work.delivery_method,
        "destination": work.destination,
        "holds": work.holds,
        "supported_actions": work.supported_actions,
        "lines": [_with_text_id(_line_part(part, public_ids)) for part in work.lines],
        "fulfill_at": work.fulfill_at,
        "fulfill_by": work.fulfill_by,
        "created_at": work.remote_created_at,
        "updated_at": work.remote_updated_at,
    }


def _return(back: Return, public_ids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": back.public_id,
        "remote_id": str(back.remote_id),
        "name": back.name,
        "status": back.status,
        "decline_reason": back.decline_reason,
        "lines": [_with_text_id(_line_part(part, public_ids)) for part in back.lines],
        "exchanges": [
            {**part, "lines": [_line_part({"line": line}, public_ids) for line in part["lines"]]}
            for part in back.exchanges
        ],
        "created_at": back.remote_created_at,
        "closed_at": back.closed_at,
    }


def _refund(refund: Refund, public_ids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": refund.public_id,
        "remote_id": str(refund.remote_id),
        "return_remote_id": refund.return_remote_id and str(refund.return_remote_id),
        "note": refund.note,
        "created_at": refund.remote_created_at,
        "processed_at": refund.processed_at,
        "lines": [_line_part(part, public_ids) for part in refund.lines],
        "adjustments": refund.adjustments,
        "transactions": refund.transactions,
    }


def _fulfillment(parcel: Fulfillment, public_ids: dict[int, str]) -> dict[str, Any]:
    return {
        "id": parcel.public_id,
        "remote_id": str(parcel.remote_id),
        "name": parcel.name,
        "status": parcel.status,
        "shipment_status": parcel.shipment_status,
        "tracking_company": parcel.tracking_company,
        "tracking_numbers": parcel.tracking_numbers,
        "tracking_urls": parcel.tracking_urls,
        "lines": [_line_part(part, public_ids) for part in parcel.lines],
        "scans": [
            {
                "status": scan.status,
                "message": scan.message,
                "happened_at": scan.happened_at,
                "city": scan.city,
                "province": scan.province,
                "country": scan.country,
                "zip": scan.zip,
            }
            for scan in sorted(parcel.scans.all(), key=lambda scan: scan.turn)
        ],
        "created_at": parcel.remote_created_at,
        "updated_at": parcel.remote_updated_at,
    }


def _line_part(part: dict[str, Any], public_ids: dict[int, str]) -> dict[str, Any]:
    """A stored {"line": remote id, …} with both ids as text; the line is None for goods that were not on the order."""
    line = part["line"]
    return {**part, "line": public_ids.get(line), "line_remote_id": None if line is None else str(line)}


def _with_text_id(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "id": str(part["id"])}
