"""Stock changed by apps: adjust, set, activate, deactivate. The first two need ``@idempotent`` and a compared value.

The words of all errors are recorded, from API version 2026-04 on.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox import catalogue, clock, idempotency, locations, records, shelves, stock_items
from sandbox.order_documents import gid, number_of
from sandbox.queries import Queries
from sandbox.shops import Shop
from sandbox.stock_fields import item_fields, level_fields, place_fields
from sandbox.stock_queries import level_of, variant_of
from sandbox.store import Store, Writing

Document = dict[str, Any]

KIND = "inventory_adjustment"
MOST = 1_000_000_000
NAMES = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
REASONS = (
    "correction", "cycle_count_available", "damaged", "movement_canceled", "movement_created", "movement_received",
    "movement_updated", "other", "promotion", "quality_control", "received", "reservation_created",
    "reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage",
)  # fmt: skip


def fields(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field of ``Mutation``."""
    changes = Changes(store, shop, queries)
    return {
        "inventoryActivate": lambda info, **given: changes.activate(**given),
        "inventoryAdjustQuantities": lambda info, input: changes.adjust(info, input),
        "inventoryDeactivate": lambda info, inventoryLevelId: changes.deactivate(inventoryLevelId),
        "inventoryItemUpdate": lambda info, id, input: changes.update_item(id, input),
        "inventorySetQuantities": lambda info, input: changes.set(info, input),
    }


class _Wrong(Exception):
    """Nothing was changed; these user errors say why."""

    def __init__(self, *errors: Document) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = list(errors)


class Changes:
    """Changes of one shop's stock."""

    def __init__(self, store: Store, shop: Shop, queries: Queries) -> None:
        self._store = store
        self._shop = shop
        self._queries = queries

    def adjust(self, info: GraphQLResolveInfo, given: Document) -> Document:
        """Add or take away units: ``delta`` for each (item, location)."""

        def check() -> list[Document]:
            if given["name"] == "available":
                return []
            # Shopify also takes the names of what is set aside; here nothing is.
            text = f"The specified quantity name is invalid. Valid values are: {', '.join(NAMES)}."
            return [_error(["input", "name"], text, "INVALID_QUANTITY_NAME")]

        def after(level: shelves.Level | None, change: Document) -> int:
            return (level.available if level else 0) + int(change["delta"])

        return self._change(info, given, "changes", "InventoryChangeInput", check, after)

    def set(self, info: GraphQLResolveInfo, given: Document) -> Document:
        """Say how many units there are, available or on hand."""

        def check() -> list[Document]:
            if given["name"] not in ("available", "on_hand"):
                text = "The quantity name must be either 'available' or 'on_hand'."
                return [_error(["input", "name"], text, "INVALID_NAME")]
            return _bad_quantities(given["quantities"])

        def after(level: shelves.Level | None, change: Document) -> int:
            promised = level.committed if level and given["name"] == "on_hand" else 0
            return int(change["quantity"]) - promised

        return self._change(info, given, "quantities", "InventoryQuantityInput", check, after)

    def activate(self, inventoryItemId: str, locationId: str, available: int | None = None, **_: Any) -> Document:
        """Keep an item at a location from now on."""
        variant = variant_of(inventoryItemId)
        place = locations.find(self._queries.connection, self._shop.domain, number_of(locationId))
        if variant is None:
            return _wrong(["inventoryItemId"], "The specified inventory item could not be found.")
        if place is None:
            return _wrong(["locationId"], "The specified location could not be found.")
        with self._store.write() as writing:
            known = shelves.level(writing.connection, self._shop.domain, variant.id, place["id"])
            if known is not None and available is not None:
                text = "Not allowed to set available quantity when the item is already active at the location."
                return _wrong(["available"], text)
            if known is None:
                shelves.connect(writing, self._shop.domain, variant.id, place["id"], available or 0)
        connection = self._queries.connection
        level = shelves.level(connection, self._shop.domain, variant.id, place["id"])
        shown = level_fields(connection, self._shop.domain, level) if level else None
        return {"inventoryLevel": shown, "userErrors": []}

    def deactivate(self, level_gid: str) -> Document:
        """Keep an item at a location no longer."""
        level = level_of(self._queries.connection, self._shop.domain, level_gid)
        if level is None:
            return _wrong(None, "The product couldn't be unstocked because the product was deleted.")
        if len(shelves.levels(self._queries.connection, self._shop.domain, level.variant_id)) == 1:
            place = locations.find(self._queries.connection, self._shop.domain, level.location_id) or {}
            text = f"The product couldn't be unstocked from {place.get('name')} because products need to be stocked at"
            return _wrong(None, f"{text} a minimum of 1 location.")
        if level.committed:
            return _wrong(["inventoryLevelId"], "The item has committed inventory at this location.")
        with self._store.write() as writing:
            shelves.disconnect(writing, self._shop.domain, level.variant_id, level.location_id)
        return {"userErrors": []}

    def update_item(self, id: str, given: Document) -> Document:
        """Count an item from now on, or no longer."""
        variant = variant_of(id)
        if variant is None:
            error = {"field": ["id"], "message": "The inventory item does not exist."}
            return {"inventoryItem": None, "userErrors": [error]}
        if given.get("tracked") is not None:
            with self._store.write() as writing:
                stock_items.set_tracked(writing, self._shop.domain, variant, given["tracked"])
        shown = item_fields(self._queries.connection, self._shop.domain, variant)
        return {"inventoryItem": shown, "userErrors": []}

    def _change(
        self,
        info: GraphQLResolveInfo,
        given: Document,
        list_name: str,
        input_type: str,
        check: Callable[[], list[Document]],
        after: Callable[[shelves.Level | None, Document], int],
    ) -> Document:
        """All changes or none, once a key; ``after`` says how many units will be available.

        Where nothing changes, there is no adjustment group, and that is no error (recorded).
        """
        key = idempotency.key_of(info)
        if any("changeFromQuantity" not in change for change in given[list_name]):
            raise GraphQLError(
                f"{input_type} must include the following argument: changeFromQuantity.",
                extensions={"code": "INVALID_FIELD_ARGUMENTS"},
            )
        try:
            with self._store.write() as writing:

                def make() -> Document:
                    errors = _bad_reason(given["reason"]) or check()
                    for position, change in enumerate(given[list_name]):
                        errors += self._unknown(writing, change, ["input", list_name, str(position)])
                    if errors:
                        raise _Wrong(*errors)
                    made = [
                        one
                        for position, change in enumerate(given[list_name])
                        for one in self._apply(writing, change, ["input", list_name, str(position)], given, after)
                    ]
                    if not made:
                        return {"id": None}
                    group = {"id": writing.new_id(), "changes": made, "created_at": clock.now(), **_why(given)}
                    records.keep(writing, self._shop.domain, KIND, group)
                    return {"id": group["id"]}

                outcome = idempotency.once(writing, self._shop.domain, info.field_name, key, given, make)
        except _Wrong as wrong:
            return {"inventoryAdjustmentGroup": None, "userErrors": wrong.errors}
        except idempotency.Mismatch as problem:
            error = _error(None, str(problem), "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
            return {"inventoryAdjustmentGroup": None, "userErrors": [error]}
        group = None if outcome["id"] is None else self._group(outcome["id"])
        return {"inventoryAdjustmentGroup": group, "userErrors": []}

    def _unknown(self, writing: Writing, change: Document, path: list[str]) -> list[Document]:
        errors = []
        variant = variant_of(change["inventoryItemId"])
        if variant is None:
            text = "The specified inventory item could not be found."
            errors.append(_error([*path, "inventoryItemId"], text, "INVALID_INVENTORY_ITEM"))
        elif not variant.ships:
            text = "The specified inventory item is not allowed to be adjusted via API."
            errors.append(_error([*path, "inventoryItemId"], text, "NON_MUTABLE_INVENTORY_ITEM"))
        if locations.find(writing.connection, self._shop.domain, number_of(change["locationId"])) is None:
            text = "The specified location could not be found."
            errors.append(_error([*path, "locationId"], text, "INVALID_LOCATION"))
        return errors

    def _apply(
        self,
        writing: Writing,
        change: Document,
        path: list[str],
        given: Document,
        after: Callable[[shelves.Level | None, Document], int],
    ) -> list[Document]:
        variant, place = variant_of(change["inventoryItemId"]), number_of(change["locationId"])
        assert variant is not None
        assert place is not None
        level = shelves.level(writing.connection, self._shop.domain, variant.id, place)
        before = level.available if level else 0
        compared = (level.on_hand if level else 0) if given["name"] == "on_hand" else before
        if change["changeFromQuantity"] not in (None, compared):
            text = "The changeFromQuantity argument no longer matches the persisted quantity."
            raise _Wrong(_error([*path, "changeFromQuantity"], text, "CHANGE_FROM_QUANTITY_STALE"))
        units = after(level, change)
        if level is not None and units == before:
            return []
        shelves.connect(writing, self._shop.domain, variant.id, place, units)
        same = {"variant_id": variant.id, "location_id": place, "delta": units - before}
        # As recorded: what becomes available is on hand as well.
        return [{"name": name, **same} for name in ("available", "on_hand")]

    def _group(self, group_id: int) -> Document:
        connection, shop = self._queries.connection, self._shop.domain
        group = records.find(connection, shop, KIND, group_id)
        assert group is not None

        def changes(
            info: Any,
            inventoryItemIds: list[str] | None = None,
            locationIds: list[str] | None = None,
            quantityNames: list[str] | None = None,
        ) -> list[Document]:
            found = []
            for one in group["changes"]:
                variant = catalogue.by_id(one["variant_id"])
                item, place = (
                    gid("InventoryItem", shelves.item_id(one["variant_id"])),
                    gid("Location", one["location_id"]),
                )
                wanted = ((inventoryItemIds, item), (locationIds, place), (quantityNames, one["name"]))
                if variant is None or any(chosen is not None and value not in chosen for chosen, value in wanted):
                    continue
                found.append(
                    {
                        "name": one["name"],
                        "delta": one["delta"],
                        "quantityAfterChange": None,
                        "ledgerDocumentUri": None,
                        "item": item_fields(connection, shop, variant),
                        "location": place_fields(connection, shop, one["location_id"]),
                    }
                )
            return found

        return {
            "id": gid("InventoryAdjustmentGroup", group_id),
            "createdAt": clock.in_graphql(group["created_at"]),
            "reason": group["reason"],
            "referenceDocumentUri": group["reference"],
            "changes": changes,
        }


def _bad_reason(reason: str) -> list[Document]:
    if reason in REASONS:
        return []
    text = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
    return [_error(["input", "reason"], text, "INVALID_REASON")]


def _bad_quantities(given: list[Document]) -> list[Document]:
    errors = []
    pairs = [(one["inventoryItemId"], one["locationId"]) for one in given]
    for position, one in enumerate(given):
        path = ["input", "quantities", str(position)]
        if pairs.count(pairs[position]) > 1:
            text = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            errors.append(_error([*path, "locationId"], text, code))
        elif one["quantity"] < 0:
            text = "The quantity can't be negative."
            errors.append(_error([*path, "quantity"], text, "INVALID_QUANTITY_NEGATIVE"))
        elif one["quantity"] > MOST:
            text = f"The quantity can't be higher than {MOST:,}."
            errors.append(_error([*path, "quantity"], text, "INVALID_QUANTITY_TOO_HIGH"))
    return errors


def _error(field: list[str] | None, message: str, code: str) -> Document:
    return {"field": field, "message": message, "code": code}


def _why(given: Document) -> Document:
    return {"reason": given["reason"], "reference": given.get("referenceDocumentUri")}


def _wrong(field: list[str] | None, message: str) -> Document:
    return {"inventoryLevel": None, "userErrors": [{"field": field, "message": message}]}
