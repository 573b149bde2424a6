"""Every public sample body, signed and posted, ends handled or (named) ignored, and reads back as it was sent.

The store's API answers and has none of the orders that the samples name.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from backoffice.models import ApiKey, Partner
from integrations import inbox
from integrations.models import InboundMessage
from integrations.tests.shopify import SHARED, post

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SHARED.exists(), reason="Shopify's sample bodies are not here"),
]

FOLDERS = (
    "orders__*", "fulfillments__*", "fulfillment_events__*", "refunds__create", "customers__*", "inventory_*",
    "products__*", "locations__*", "disputes__*", "draft_orders__*", "shop__update",
    "order_transactions__create", "fulfillment_orders__*", "returns__*",
    "returns__*", "fulfillment_orders__*", "order_transactions__*",
)  # fmt: skip
HOOKDECK = "*_hookdeck202410.json"


def samples(pattern: str = "*.json") -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (SHARED / "samples").glob(f"{folder}/{pattern}"))


def topic_of(path: Path) -> str:
    return path.parent.name.replace("__", "/")


def test_all_samples_are_answered_200_and_end_handled_or_ignored(shopify):
    paths = samples()
    assert len(paths) >= 30
    for path in paths:
        assert post(shopify, topic_of(path), path.read_bytes()).status_code == 200, path
    inbox.drain()
    ends = InboundMessage.objects.values_list("topic", "state", "result", "traceback")
    assert [end for end in ends if end[1] not in ("handled", "ignored")] == []
    assert all(result for _, _, result, _ in ends)
    assert {topic for topic, state, *_ in ends if state == "handled"} >= {
        "orders/create", "orders/updated", "orders/cancelled", "fulfillments/create", "refunds/create",
        "customers/create",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["orders__create/1_triggerdev.json", "orders__updated/3_hookdeck202410.json"])
def test_an_order_reads_back_as_it_was_sent(shopify, name):
    path = SHARED / "samples" / name
    sent = json.loads(path.read_text())
    post(shopify, topic_of(path), path.read_bytes())
    inbox.drain()
    got = read(sent["id"])
    assert (got["remote_id"], got["name"]) == (str(sent["id"]), sent["name"])
    assert got["financial_status"] == sent["financial_status"]
    assert got["fulfillment_status"] == (sent["fulfillment_status"] or "")
    assert got["cancel_reason"] == sent["cancel_reason"]
    assert got["cancelled_at"] == "2022-01-01T00:00:00Z"
    assert got["test"] is True
    for ours, theirs in {"total": "total_price", "subtotal": "subtotal_price", "discounts": "total_discounts",
                         "tax": "total_tax", "shipping": "total_shipping_price"}.items():  # fmt: skip
        same_bag(got["amounts"][ours], sent[f"{theirs}_set"])
    for address in ("shipping_address", "billing_address"):
        for field, value in got[address].items():
            assert value == (sent[address].get(field) or ""), (address, field)
    assert len(got["line_items"]) == len(sent["line_items"]) == 2
    for line, theirs in zip(got["line_items"], sent["line_items"], strict=True):
        assert line["remote_id"] == str(theirs["id"])
        assert (line["title"], line["sku"], line["quantity"]) == (theirs["title"], theirs["sku"], theirs["quantity"])
        assert line["variant_id"] == str(theirs["variant_id"])
        same_bag(line["amounts"]["unit_price"], theirs["price_set"])


def test_parcels_and_refunds_read_back_as_they_were_sent(shopify):
    for name in ("orders__create/3_hookdeck202410.json", "fulfillments__update/1_triggerdev.json",
                 "fulfillment_events__create", "refunds__create/3_hookdeck202410.json"):  # fmt: skip
        for path in (
            [SHARED / "samples" / name] if name.endswith("json") else sorted((SHARED / "samples" / name).iterdir())
        ):
            post(shopify, topic_of(path), path.read_bytes())
            inbox.drain()
    parcel = json.loads((SHARED / "samples/fulfillments__update/1_triggerdev.json").read_text())
    refund = json.loads((SHARED / "samples/refunds__create/3_hookdeck202410.json").read_text())
    got = read(parcel["order_id"])
    assert [f["remote_id"] for f in got["fulfillments"]] == [str(parcel["id"])]
    assert got["fulfillments"][0]["tracking_company"] == parcel["tracking_company"]
    assert got["fulfillments"][0]["tracking_numbers"] == parcel["tracking_numbers"]
    assert [(p["line_remote_id"], p["quantity"]) for p in got["fulfillments"][0]["lines"]] == [
        (str(line["id"]), line["quantity"]) for line in parcel["line_items"]
    ]
    assert [scan["status"] for scan in got["fulfillments"][0]["scans"]] == ["in_transit"]
    assert [r["remote_id"] for r in got["refunds"]] == [str(refund["id"])]
    for ours, theirs in zip(got["refunds"][0]["lines"], refund["refund_line_items"], strict=True):
        assert (ours["line_remote_id"], ours["quantity"]) == (str(theirs["line_item_id"]), theirs["quantity"])
        same_bag(ours["amounts"]["subtotal"], theirs["subtotal_set"])


def same_bag(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for side in ("shop", "presentment"):
        assert Decimal(ours[side]["amount"]) == Decimal(theirs[f"{side}_money"]["amount"])
        assert ours[side]["currency"] == theirs[f"{side}_money"]["currency_code"]


def read(remote_id: int) -> dict[str, Any]:
    partner, _ = Partner.objects.get_or_create(name="reader")
    _, secret = ApiKey.issue(partner, ["orders:read"])
    headers = {"Authorization": f"Bearer {secret}"}
    body = Client().get(f"/v1/orders?remote_id={remote_id}", headers=headers).json()
    assert len(body["data"]) == 1
    return body["data"][0]
