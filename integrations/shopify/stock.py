"""Stock read from Shopify: what a variant is counted as, and how many lie where.

Messages about stock name neither the variant nor what is on hand, and products/update does not come for a sale; so an
item is read when we first hear of it, and levels that changed are polled by each location's own clock.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from integrations.models import Connection
from integrations.shopify.arriving import origin_of, shop_of
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.values import clean, when
from orders import stock
from orders.models import Shop, StockItem
from orders.money import decimal_of
from orders.stock import ItemSnapshot, LevelSnapshot

_ITEM = """fragment Item on InventoryItem {
  id sku tracked unitCost { amount currencyCode }
  variants(first: 1) { nodes { id title price inventoryPolicy product { id title } } }
}"""
_LEVEL = """fragment Level on InventoryLevel {
  id updatedAt location { id name isActive } quantities(names: ["available", "on_hand", "committed"]) { name quantity }
}"""

ITEM_READ = f"""
query StockOfItem($id: ID!) {{
  inventoryItem(id: $id) {{ ...Item inventoryLevels(first: 50) {{ nodes {{ ...Level }} }} }}
}}
{_ITEM} {_LEVEL}"""

VARIANT_READ = f"""
query StockOfVariant($id: ID!) {{
  productVariant(id: $id) {{
    id inventoryItem {{ ...Item inventoryLevels(first: 50) {{ nodes {{ ...Level }} }} }}
  }}
}}
{_ITEM} {_LEVEL}"""

LOCATIONS = """
query Locations($after: String) {
  locations(first: 50, after: $after, includeInactive: true) {
    pageInfo { hasNextPage endCursor } nodes { id name isActive }
  }
}"""

LEVELS_OF_LOCATION = f"""
query StockChanges($id: ID!, $q: String, $after: String) {{
  location(id: $id) {{
    inventoryLevels(first: 50, after: $after, query: $q) {{
      pageInfo {{ hasNextPage endCursor }} nodes {{ ...Level item {{ ...Item }} }}
    }}
  }}
}}
{_ITEM} {_LEVEL}"""


def read_item(connection: Connection, item_id: int) -> StockItem | None:
    """Ask the shop for one item and its levels; None when it shows none. Raises RetryLater, GiveUp."""
    return _keep(
        connection, _run(Shopify(connection), ITEM_READ, {"id": gid("InventoryItem", item_id)})["inventoryItem"]
    )


def read_variant(connection: Connection, variant_id: int) -> StockItem | None:
    """The same for the item of a variant."""
    variant = _run(Shopify(connection), VARIANT_READ, {"id": gid("ProductVariant", variant_id)})["productVariant"]
    return _keep(connection, variant and variant["inventoryItem"])


def poll(connection: Connection, since: datetime, shopify: Shopify | None = None) -> tuple[int, int]:
    """Levels that changed since `since` (by the shop's clock), location by location: (looked at, new to us).

    `shopify` is the line to read by, when it is not the usual one.
    """
    shopify, shop, origin = shopify or Shopify(connection), shop_of(connection), origin_of(connection)
    looked_at = fresh = 0
    for location in _pages(shopify, LOCATIONS, {}, "locations"):
        stock.write_location(shop, number_of(location["id"]), name=clean(location["name"]), active=location["isActive"])
        asked = {"id": location["id"], "q": f"updated_at:>='{since.isoformat()}'"}
        for level in _pages(shopify, LEVELS_OF_LOCATION, asked, "location", "inventoryLevels"):
            looked_at += 1
            item = _item(level["item"], shop)
            stock.write_item(shop, item, read=True)
            fresh += stock.write_level(shop, _level(item.remote_id, level), origin)
    return looked_at, fresh


def _run(shopify: Shopify, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The data; what things cost to buy may be kept from the app, and is then not known."""
    return shopify.run_partly(document, variables, optional={"unitCost"})[0]


def _keep(connection: Connection, node: dict[str, Any] | None) -> StockItem | None:
    if node is None:
        return None
    shop = shop_of(connection)
    item = stock.write_item(shop, _item(node, shop), read=True)
    for level in node["inventoryLevels"]["nodes"]:
        place = level["location"]
        stock.write_location(shop, number_of(place["id"]), name=clean(place["name"]), active=place["isActive"])
        stock.write_level(shop, _level(item.remote_id, level), origin_of(connection))
    return item


def _item(node: dict[str, Any], shop: Shop) -> ItemSnapshot:
    variants = (node["variants"] or {}).get("nodes") or []
    variant = variants[0] if variants else None
    cost = node["unitCost"]
    titles = [variant["product"]["title"], variant["title"]] if variant else []
    return ItemSnapshot(
        remote_id=number_of(node["id"]),
        variant_id=variant and number_of(variant["id"]),
        product_id=variant and number_of(variant["product"]["id"]),
        sku=clean(node["sku"]),
        title=", ".join(clean(title) for title in titles if title and title != "Default Title") or None,
        price=decimal_of(variant["price"]) if variant else None,
        unit_cost=decimal_of(cost["amount"]) if cost and cost["currencyCode"] == shop.currency else None,
        tracked=node["tracked"],
        policy=variant and clean(variant["inventoryPolicy"]).lower(),
    )


def _level(item_id: int, node: dict[str, Any]) -> LevelSnapshot:
    counts = {count["name"]: count["quantity"] for count in node["quantities"]}
    return LevelSnapshot(
        item_remote_id=item_id,
        location_remote_id=number_of(node["location"]["id"]),
        available=counts.get("available"),
        on_hand=counts.get("on_hand"),
        committed=counts.get("committed"),
        updated_at=when(node["updatedAt"]),
    )


def _pages(shopify: Shopify, document: str, variables: dict[str, Any], *path: str) -> Iterator[dict[str, Any]]:
    """Every node of a connection found at `path` of the answer, page after page; none where the shop shows none."""
    after = None
    while True:
        found: Any = _run(shopify, document, {**variables, "after": after})
        for name in path:
            found = found and found[name]
        if not found:
            return
        yield from found["nodes"]
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]
