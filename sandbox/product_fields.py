"""A variant and its product as GraphQL sees them; what is known of the variant's stock is added in ``stock_fields``."""

from typing import Any

from sandbox import catalogue
from sandbox.order_documents import gid

Document = dict[str, Any]


def variant_fields(variant: catalogue.Variant) -> Document:
    """The fields of ``ProductVariant`` that the catalogue knows."""
    return {
        "id": gid("ProductVariant", variant.id),
        "legacyResourceId": str(variant.id),
        "sku": variant.sku,
        "title": variant.option or "Default Title",
        "displayName": f"{variant.title} - {variant.option}" if variant.option else variant.title,
        "price": str(variant.price),
        "availableForSale": True,
        "inventoryQuantity": None,
        "inventoryPolicy": "DENY",
        "product": product_fields(variant),
    }


def product_fields(variant: catalogue.Variant) -> Document:
    """The fields of ``Product``."""
    return {
        "id": gid("Product", variant.product_id),
        "legacyResourceId": str(variant.product_id),
        "title": variant.title,
        "handle": variant.handle,
        "vendor": catalogue.VENDOR,
    }
