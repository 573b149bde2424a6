"""Topics about stock: levels, items, locations, and the products whose names staff know them by."""

from collections.abc import Callable
from decimal import Decimal

from django.utils import timezone

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify.arriving import Result, origin_of, shop_of
from integrations.shopify.stock import read_item
from integrations.shopify.translate import reading
from integrations.shopify.values import Body, clean, identifier, maybe_identifier, signed_count, text, when
from orders import stock
from orders.models import Location, StockItem
from orders.money import decimal_of
from orders.stock import ItemSnapshot, LevelSnapshot


def _level(connection: Connection, body: Body) -> Result:
    """The body says `available` only; an item that we do not know, or without a count, is read."""
    snapshot: LevelSnapshot = reading("stock level", lambda: _level_snapshot(body))
    shop = shop_of(connection)
    known = StockItem.objects.filter(shop=shop, remote_id=snapshot.item_remote_id, read_at__isnull=False).exists()
    if not known or snapshot.available is None:
        item = read_item(connection, snapshot.item_remote_id)
        return ("read from the shop" if item else "the shop shows no such item"), None
    changed = stock.write_level(shop, snapshot, origin_of(connection))
    return ("changed" if changed else "nothing new"), None


def _level_snapshot(body: Body) -> LevelSnapshot:
    available = body.get("available")
    return LevelSnapshot(
        item_remote_id=identifier(body["inventory_item_id"]),
        location_remote_id=identifier(body["location_id"]),
        available=None if available is None else signed_count(available),
        updated_at=when(body.get("updated_at")),
    )


def _disconnected(connection: Connection, body: Body) -> Result:
    item, location = reading(
        "stock level", lambda: (identifier(body["inventory_item_id"]), identifier(body["location_id"]))
    )
    gone = stock.forget_level(shop_of(connection), item, location, origin_of(connection))
    return ("not kept there any more" if gone else "nothing new"), None


def _item(connection: Connection, body: Body) -> Result:
    snapshot = reading(
        "stock item",
        lambda: ItemSnapshot(
            identifier(body["id"]), sku=text(body, "sku"), tracked=body.get("tracked"), unit_cost=_cost(body)
        ),
    )
    stock.write_item(shop_of(connection), snapshot)
    return "kept", None


def _cost(body: Body) -> Decimal | None:
    """What one costs to buy; left out where the store's app may not see costs, and null where nobody wrote it down."""
    return None if body.get("cost") is None else decimal_of(body["cost"])


def _deleted(column: str) -> Callable[[Connection, Body], Result]:
    def handle_deleted(connection: Connection, body: Body) -> Result:
        remote_id = maybe_identifier(body.get("id"))
        if not remote_id or not stock.mark_items_deleted(shop_of(connection), **{column: remote_id}):
            raise Ignored("Nothing that we count was deleted.")
        return "marked as deleted", None

    return handle_deleted


def _product(connection: Connection, body: Body) -> Result:
    """Names, prices and whether the shop sells below zero; levels come by messages of their own."""
    items = reading("product", lambda: [_variant(body, variant) for variant in body.get("variants") or []])
    kept = [stock.write_item(shop_of(connection), item) for item in items if item is not None]
    return f"{len(kept)} variants kept", None


def _variant(product: Body, variant: Body) -> ItemSnapshot | None:
    item_id = maybe_identifier(variant.get("inventory_item_id"))
    if item_id is None:
        return None
    titles = [text(product, "title"), text(variant, "title")]
    price = variant.get("price")
    return ItemSnapshot(
        remote_id=item_id,
        variant_id=maybe_identifier(variant.get("id")),
        product_id=maybe_identifier(product.get("id")),
        sku=text(variant, "sku"),
        title=", ".join(title for title in titles if title and title != "Default Title"),
        price=None if price is None else decimal_of(price),
        tracked=None if "inventory_management" not in variant else bool(variant["inventory_management"]),
        policy=text(variant, "inventory_policy"),
    )


def _location(connection: Connection, body: Body) -> Result:
    remote_id = reading("location", lambda: identifier(body["id"]))
    active = body.get("active")
    name = clean(body.get("name"))[:255]
    stock.write_location(shop_of(connection), remote_id, name=name, active=None if active is None else bool(active))
    return "kept", None


def _location_deleted(connection: Connection, body: Body) -> Result:
    gone = Location.objects.filter(shop=shop_of(connection), remote_id=maybe_identifier(body.get("id")) or 0)
    if not gone.update(active=False, deleted_at=timezone.now()):
        raise Ignored("A location we never had was deleted.")
    return "marked as deleted", None


HANDLERS = {
    "inventory_levels/connect": _level,
    "inventory_levels/update": _level,
    "inventory_levels/disconnect": _disconnected,
    "inventory_items/create": _item,
    "inventory_items/update": _item,
    "inventory_items/delete": _deleted("remote_id"),
    "products/create": _product,
    "products/update": _product,
    "products/delete": _deleted("product_id"),
    "locations/create": _location,
    "locations/update": _location,
    "locations/activate": _location,
    "locations/deactivate": _location,
    "locations/delete": _location_deleted,
}
