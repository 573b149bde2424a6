"""Parcels and scans in webhook bodies."""

from integrations.shopify.values import Body, clean, count, identifier, maybe_identifier, required_time, text, when
from orders.snapshot import FulfillmentSnapshot, QuantityOfLine, TrackingSnapshot


def fulfillment(body: Body) -> FulfillmentSnapshot:
    numbers = body.get("tracking_numbers") or ([body["tracking_number"]] if body.get("tracking_number") else [])
    urls = body.get("tracking_urls") or ([body["tracking_url"]] if body.get("tracking_url") else [])
    return FulfillmentSnapshot(
        remote_id=identifier(body["id"]),
        name=text(body, "name"),
        status=text(body, "status"),
        shipment_status=text(body, "shipment_status"),
        lines=[
            QuantityOfLine(identifier(line["id"]), count(line["quantity"])) for line in body.get("line_items") or []
        ],
        tracking_company=text(body, "tracking_company"),
        tracking_numbers=[clean(number) for number in numbers],
        tracking_urls=[clean(url) for url in urls],
        location_id=maybe_identifier(body.get("location_id")),
        created_at=when(body.get("created_at")),
        updated_at=when(body.get("updated_at")),
    )


def scan(body: Body) -> TrackingSnapshot:
    return TrackingSnapshot(
        remote_id=identifier(body["id"]),
        fulfillment_remote_id=identifier(body["fulfillment_id"]),
        status=text(body, "status"),
        happened_at=when(body.get("happened_at")) or required_time(body, "created_at"),
        message=text(body, "message"),
        city=text(body, "city"),
        province=text(body, "province"),
        country=text(body, "country"),
        zip=text(body, "zip"),
        estimated_delivery_at=when(body.get("estimated_delivery_at")),
    )
