"""Stock on hand per location, as the shop says it: written by what comes in, read wherever units are promised.

A level is what the shop counted last, never a reservation of ours: between looking and sending somebody may buy the
last one, so whoever sends goods still asks the shop to refuse what is gone.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.intake import Origin
from orders.journal import record
from orders.models import Location, Shop, StockItem, StockLevel


@dataclass(frozen=True, slots=True)
class ItemSnapshot:
    """An inventory item; None where the source does not say. `remote_id` is the item's own, not the variant's."""

    remote_id: int
    variant_id: int | None = None
    product_id: int | None = None
    sku: str | None = None
    title: str | None = None
    price: Decimal | None = None
    unit_cost: Decimal | None = None
    tracked: bool | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class LevelSnapshot:
    """Units of one item at one location at `updated_at`; None where the source does not say."""

    item_remote_id: int
    location_remote_id: int
    available: int | None
    on_hand: int | None = None
    committed: int | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Units of one variant that can be sold now. `places` is (location, available), most first.

    `sells_below_zero` is true where the shop does not count the item or goes on selling it at nothing.
    """

    places: tuple[tuple[str, int], ...]
    sells_below_zero: bool = False

    @property
    def available(self) -> int:
        """Over all locations."""
        return sum(units for _, units in self.places)

    @property
    def in_short(self) -> str:
        """Such as "7 in stock", "sold out"."""
        total = f"{self.available} in stock" if self.available > 0 else "sold out"
        return f"{total}, sold below zero" if self.available <= 0 and self.sells_below_zero else total

    @property
    def in_words(self) -> str:
        """The same, with the places behind it where there are several."""
        places = "" if len(self.places) < 2 else f" ({', '.join(f'{name} {units}' for name, units in self.places)})"
        return self.in_short + places

    def has(self, quantity: int) -> bool:
        """False when fewer than `quantity` are left and the shop would refuse to sell more."""
        return self.sells_below_zero or self.available >= quantity


def on_shelves(shop: Shop, variants: Collection[int]) -> dict[int, Shelf]:
    """What is left of these variants (remote ids), in one query; those that nobody counted are not in it."""
    counted: dict[int, list[StockLevel]] = defaultdict(list)
    levels = StockLevel.objects.filter(
        item__shop=shop,
        item__variant_id__in=variants,
        item__deleted_at=None,
        location__active=True,
        available__isnull=False,
    )
    for level in levels.select_related("item", "location"):
        assert level.item.variant_id is not None
        counted[level.item.variant_id].append(level)
    return {variant: _shelf(levels) for variant, levels in counted.items()}


def _shelf(levels: list[StockLevel]) -> Shelf:
    item = levels[0].item
    places = sorted(((str(level.location), level.available or 0) for level in levels), key=lambda place: -place[1])
    return Shelf(tuple(places), sells_below_zero=item.tracked is False or item.policy == "continue")


@transaction.atomic
def write_item(shop: Shop, snapshot: ItemSnapshot, *, read: bool = False) -> StockItem:
    """Keep what is said of an item, and what is not said as it was; `read` when its variant was asked of the shop."""
    item = _item(shop, snapshot.remote_id)
    names = ("variant_id", "product_id", "sku", "title", "price", "unit_cost", "tracked", "policy")
    said: dict[str, Any] = {name: value for name in names if (value := getattr(snapshot, name)) is not None}
    changed = [name for name, value in said.items() if getattr(item, name) != value]
    for name in changed:
        setattr(item, name, said[name])
    if read:
        item.read_at = timezone.now()
        changed.append("read_at")
    if changed:
        item.save(update_fields=changed)
    return item


def write_location(shop: Shop, remote_id: int, *, name: str = "", active: bool | None = None) -> Location:
    """Keep a location; an empty name and None say nothing."""
    said: dict[str, Any] = {
        key: value for key, value in (("name", name), ("active", active)) if value not in ("", None)
    }
    location, created = Location.objects.get_or_create(shop=shop, remote_id=remote_id, defaults=said)
    if not created and any(getattr(location, key) != value for key, value in said.items()):
        Location.objects.filter(pk=location.pk).update(**said)
        location.refresh_from_db()
    return location


@transaction.atomic
def write_level(shop: Shop, snapshot: LevelSnapshot, origin: Origin) -> bool:
    """Keep a level unless a newer one is known; journals `stock.updated`. False when nothing was new."""
    item = _item(shop, snapshot.item_remote_id)  # its lock is the level's, too
    location = write_location(shop, snapshot.location_remote_id)
    level = StockLevel.objects.filter(item=item, location=location).first() or StockLevel(item=item, location=location)
    if level.pk and level.remote_updated_at and snapshot.updated_at and snapshot.updated_at < level.remote_updated_at:
        return False
    before = (level.available, level.on_hand, level.committed)
    level.available = snapshot.available
    if snapshot.on_hand is not None or before[0] != snapshot.available:
        # A count beside a new `available` that does not come with it would be an old one.
        level.on_hand, level.committed = snapshot.on_hand, snapshot.committed
    level.remote_updated_at = snapshot.updated_at or level.remote_updated_at
    is_new = level.pk is None or before != (level.available, level.on_hand, level.committed)
    level.save()
    if is_new:
        record(
            "stock.updated", shop=shop, by=origin.by, source=origin.source, sku=item.sku,
            variant=item.variant_id and str(item.variant_id), item=str(item.remote_id),
            location=str(location.remote_id), available=level.available,
        )  # fmt: skip
    return is_new


@transaction.atomic
def forget_level(shop: Shop, item_remote_id: int, location_remote_id: int, origin: Origin) -> bool:
    """The shop keeps this item at this location no more; False when we knew of none."""
    levels = StockLevel.objects.filter(
        item__shop=shop, item__remote_id=item_remote_id, location__remote_id=location_remote_id
    )
    gone = bool(levels.delete()[0])
    if gone:
        record("stock.updated", shop=shop, by=origin.by, source=origin.source, item=str(item_remote_id),
               location=str(location_remote_id), available=None)  # fmt: skip
    return gone


def mark_items_deleted(shop: Shop, **which: Any) -> int:
    """Items by `product_id`, `variant_id` or their own `remote_id`; returns how many were not deleted yet."""
    return StockItem.objects.filter(shop=shop, deleted_at=None, **which).update(deleted_at=timezone.now())


def _item(shop: Shop, remote_id: int) -> StockItem:
    """The item's row, made when it is new, locked until the transaction ends."""
    StockItem.objects.get_or_create(shop=shop, remote_id=remote_id)
    return StockItem.objects.select_for_update().get(shop=shop, remote_id=remote_id)
