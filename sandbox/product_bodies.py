"""Webhook bodies of products and variants; the catalogue is steady, so what changes is only when it was touched."""

import sqlite3
from typing import Any

from sandbox import catalogue, clock, shelves
from sandbox.catalogue import Variant

Document = dict[str, Any]


def product_body(connection: sqlite3.Connection, shop: str, variant: Variant, moment: str) -> Document:
    """``products/update``; here every product has one variant."""
    shown = variant_body(connection, shop, variant, moment)
    weight = {
        "fulfillment_service": "manual",
        "inventory_management": "shopify",
        "grams": variant.grams,
        "weight": float(variant.grams),
        "weight_unit": "g",
        "inventory_item_id": shelves.item_id(variant.id),
        "requires_shipping": variant.ships,
    }
    return {
        "admin_graphql_api_id": f"gid://shopify/Product/{variant.product_id}",
        "body_html": variant.title,
        "created_at": clock.in_webhooks(clock.EPOCH),
        "handle": variant.handle,
        "id": variant.product_id,
        "product_type": "",
        "published_at": clock.in_webhooks(clock.EPOCH),
        "template_suffix": None,
        "title": variant.title,
        "updated_at": clock.in_webhooks(moment),
        "vendor": catalogue.VENDOR,
        "status": "active",
        "published_scope": "global",
        "tags": "",
        "variants": [{**shown, **weight}],
        "options": [
            {
                "name": "Title",
                "id": variant.product_id + 1,
                "product_id": variant.product_id,
                "position": 1,
                "values": [variant.option or "Default Title"],
            }
        ],
        "images": [],
        "image": None,
        "media": [],
        "variant_gids": [
            {"admin_graphql_api_id": shown["admin_graphql_api_id"], "updated_at": f"{moment[:23]}Z"},
        ],
        "has_variants_that_requires_components": False,
        "category": None,
    }


def variant_body(connection: sqlite3.Connection, shop: str, variant: Variant, moment: str) -> Document:
    """``variants/in_stock`` and ``variants/out_of_stock``."""
    left = catalogue.on_shelf(connection, shop, variant)
    return {
        "id": variant.id,
        "product_id": variant.product_id,
        "title": variant.option or "Default Title",
        "price": str(variant.price),
        "sku": variant.sku,
        "position": 1,
        "inventory_policy": "deny",
        "compare_at_price": None,
        "option1": variant.option or "Default Title",
        "option2": None,
        "option3": None,
        "created_at": clock.in_webhooks(clock.EPOCH),
        "updated_at": clock.in_webhooks(moment),
        "taxable": variant.taxable,
        "barcode": None,
        "inventory_quantity": left,
        "old_inventory_quantity": left,
        "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant.id}",
        "image_id": None,
    }
