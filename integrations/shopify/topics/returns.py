"""Topics about returns. Bodies are empty, partial or say only what was taken off: the whole order is read.

Returns have no clock of their own, so their order's decides which state is the newer.
"""

from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify.arriving import Reread, Result, read_and_apply, reread, shop_of
from integrations.shopify.reads import order_of_return
from integrations.shopify.values import Body, identifier
from orders.models import Return

TOPICS = ("approve", "cancel", "close", "decline", "process", "reopen", "request", "update")
OPEN = ("requested", "open")
MOST = 10


def _changed(connection: Connection, body: Body) -> Result | Reread:
    order_id = (body.get("order") or {}).get("id") or body.get("order_id") or _order_of(connection, body)
    return reread(order_id) if order_id else _all_open(connection)


def _order_of(connection: Connection, body: Body) -> int | None:
    """The order of a body that names only the return."""
    named = body.get("id") or str(body.get("admin_graphql_api_id") or "").rpartition("/")[2]
    try:
        return_id = identifier(named)
    except (TypeError, ValueError):
        return None
    known = Return.objects.filter(order__shop=shop_of(connection), remote_id=return_id).values_list(
        "order__remote_id", flat=True
    )
    if (found := known.first() or order_of_return(connection, return_id)) is None:
        raise Ignored(f"Shopify does not show us return {return_id}.")
    return found


def _all_open(connection: Connection) -> Result:
    """returns/process is documented as an empty body: the goods arrived for one of the returns that are open."""
    of_shop = Return.objects.filter(order__shop=shop_of(connection), status__in=OPEN).order_by("-id")
    orders = list(dict.fromkeys(of_shop.values_list("order__remote_id", flat=True)[:MOST]))
    if not orders:
        raise Ignored("It names no return, and none is open.")
    read = [read_and_apply(connection, order_id) for order_id in orders]
    return f"read the {len(orders)} orders with open returns", read[0].order if len(read) == 1 and read[0] else None


HANDLERS = {f"returns/{topic}": _changed for topic in TOPICS}
