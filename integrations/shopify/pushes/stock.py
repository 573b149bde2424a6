"""Stock at Shopify: both mutations carry the change's UUID as their key, so a repeat counts once.

A count says from which number it starts: where the shop has another by then, it is refused as stale, and that is a
conflict for people. Units that are added or taken away need no such start.
"""

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import parcel_documents
from integrations.shopify.client import gid
from integrations.shopify.pushes.asking import BY, Refused, afterwards, ask
from integrations.shopify.stock import read_item
from orders.changes import carrying
from orders.models import Change, StockLevel

STALE = "CHANGE_FROM_QUANTITY_STALE"


def push(connection: Connection, change: Change) -> Sent:
    """Adjust or count once, then read the item, so that our count is right at once."""
    wanted = change.wanted
    item = int(wanted["item"])
    place = {
        "inventoryItemId": gid("InventoryItem", item),
        "locationId": gid("Location", int(wanted["location"])),
    }
    given = {"name": "available", "reason": wanted["reason"]}
    if "delta" in wanted:
        rows = {"changes": [{**place, "delta": wanted["delta"], "changeFromQuantity": None}]}
        document = parcel_documents.ADJUST_STOCK
    else:
        rows = {
            "quantities": [{**place, "quantity": wanted["quantity"], "changeFromQuantity": change.base["quantity"]}]
        }
        document = parcel_documents.SET_STOCK
    try:
        ask(connection, change, document, {"input": {**given, **rows}, "key": str(change.uuid)})
    except Refused as refusal:
        if STALE not in {error.get("code") for error in refusal.errors}:
            raise
        return _conflict(connection, change, item)
    with afterwards():
        read_item(connection, item)
    carrying.done(change, by=BY, source=connection.public_id)
    return Sent("Written", 200)


def _conflict(connection: Connection, change: Change, item: int) -> Sent:
    read_item(connection, item)
    levels = StockLevel.objects.filter(item__shop=change.shop, item__remote_id=item)
    theirs = levels.filter(location__remote_id=int(change.wanted["location"])).values_list("available", flat=True)
    carrying.conflicting(change, {"quantity": theirs.first()}, by=BY, source=connection.public_id)
    return Sent("In conflict: the shop counts otherwise by now.", 200)
