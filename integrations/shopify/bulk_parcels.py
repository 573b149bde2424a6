"""A parcel in a bulk file, straight to the column values that intake would write for it: as lean as `bulk_rows`."""

from integrations.shopify.bulk_rows import Node, Row
from integrations.shopify.bulk_values import json_text, needed, number_of, text_in, time_text
from integrations.shopify.values import CARRIERS_WORDS, count

# In the order in which the functions below return them; jsonb as text.
PARCEL = (
    "order_remote_id remote_id name status shipment_status tracking_company tracking_numbers tracking_urls "
    "location_id lines remote_created_at remote_updated_at"
).split()
SCAN = "parcel_remote_id remote_id status message happened_at city province country zip".split()
SENT = "parcel_remote_id remote_id fulfillment_status".split()


def parcel_row(order_remote_id: int, node: Node, parts: list[Node]) -> Row:
    """Values of one parcel, as named by `PARCEL`; ValueError when these are not all of its lines."""
    parts = sorted(parts, key=lambda part: number_of(part["id"]))  # a file has them in any order
    lines = [{"line": number_of(part["lineItem"]["id"]), "quantity": count(part["quantity"])} for part in parts]
    if sum(line["quantity"] for line in lines) != node["totalQuantity"]:
        raise ValueError("the file does not hold all lines of the parcel")
    info, place = node["trackingInfo"], node["location"]
    shown = text_in(node["displayStatus"]).lower()
    return (
        order_remote_id,
        number_of(node["id"]),
        text_in(node["name"]),
        text_in(node["status"]).lower(),
        shown if shown in CARRIERS_WORDS else "",
        text_in(info[0]["company"]) if info else "",
        json_text([text_in(one["number"]) for one in info if one["number"]]),
        json_text([text_in(one["url"]) for one in info if one["url"]]),
        place and number_of(place["id"]),
        json_text(lines),
        time_text(node["createdAt"]),
        time_text(node["updatedAt"]),
    )


def sent_rows(parcel_remote_id: int, node: Node, parts: list[Node]) -> list[Row]:
    """How far each line of the parcel was sent, as named by `SENT`; none of a parcel that was cancelled."""
    if node["status"] == "CANCELLED":
        return []
    return [
        (
            parcel_remote_id,
            number_of(part["lineItem"]["id"]),
            "partial" if part["lineItem"]["unfulfilledQuantity"] else "fulfilled",
        )
        for part in parts
        if part["quantity"]
    ]


def scan_row(parcel_remote_id: int, node: Node) -> Row:
    """Values of one scan, as named by `SCAN`."""
    words = (text_in(node[name]) for name in ("city", "province", "country", "zip"))
    return (
        parcel_remote_id,
        number_of(node["id"]),
        text_in(node["status"]).lower(),
        text_in(node["message"]),
        needed(time_text(node["happenedAt"])),
        *words,
    )
