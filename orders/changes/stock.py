"""Stock of one item at one location: some more or fewer units, or a count."""

from typing import Any

from django.db import transaction

from orders.changes.asking import one_of, tell, text, whole
from orders.models import Change, Location, Shop, StockItem, StockLevel
from orders.models.change import ChangeRefused

REASONS = ("correction", "cycle_count_available", "damaged", "received", "restock", "shrinkage", "other")
MOST = 1_000_000_000  # Shopify's limit


@transaction.atomic
def adjust_stock(
    shop: Shop,
    item: str,
    location: str,
    *,
    by: str,
    delta: Any = None,
    quantity: Any = None,
    reason: str = "correction",
    source: str = "",
    reference: str = "",
) -> Change:
    """Add `delta` units (fewer below 0), or say that `quantity` are available; exactly one of the two.

    `item` is a SKU or the shop's number of the inventory item, `location` the shop's number or name. A count is made
    against what we know: where the shop counts otherwise by then, it is in conflict. Raises ChangeRefused:
    unknown_item, unknown_location, invalid_quantity, nothing_to_change.
    """
    one_of(reason, REASONS, "/reason")
    found, place = _item(shop, item), _location(shop, location)
    if (delta is None) == (quantity is None):
        raise ChangeRefused("invalid_quantity", "Give either delta or quantity.", "/quantity")
    known = StockLevel.objects.filter(item=found, location=place).values_list("available", flat=True).first()
    wanted: dict[str, Any] = {"item": str(found.remote_id), "location": str(place.remote_id), "reason": reason}
    base: dict[str, Any] = {}
    if delta is not None:
        wanted["delta"] = whole(delta, "/delta", least=-MOST, most=MOST)
        if not wanted["delta"]:
            raise ChangeRefused("nothing_to_change", "0 units change nothing.", "/delta")
    else:
        wanted["quantity"] = whole(quantity, "/quantity", least=0, most=MOST)
        if wanted["quantity"] == known:
            raise ChangeRefused("nothing_to_change", "The shop counts this many already.", "/quantity")
        base = {"quantity": known}
    change = Change.objects.create(
        shop=shop, kind=Change.Kind.STOCK, wanted=wanted, base=base, by=by[:255], reference=reference
    )
    tell(change, "queued", by=by, source=source, fields=sorted(wanted))
    return change


def _item(shop: Shop, name: str) -> StockItem:
    items = StockItem.objects.filter(shop=shop, deleted_at=None)
    found = list(items.filter(sku=text(name, "/item", 255))[:2]) if name else []
    if not found and str(name).isascii() and str(name).isdigit() and len(str(name)) <= 18:
        found = list(items.filter(remote_id=int(name)))
    if len(found) != 1:
        words = "Several items have this SKU; use the shop's number." if found else "We know no such item."
        raise ChangeRefused("unknown_item", words, "/item")
    return found[0]


def _location(shop: Shop, name: str) -> Location:
    for place in Location.objects.filter(shop=shop, active=True):
        if name in (str(place.remote_id), place.name):
            return place
    raise ChangeRefused("unknown_location", "We know no such location in use.", "/location")
