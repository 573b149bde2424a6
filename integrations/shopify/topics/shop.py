"""Topics about the shop itself and our app in it."""

from django.utils import timezone

from integrations import bells, connecting
from integrations.errors import Ignored
from integrations.models import Connection
from integrations.shopify.arriving import Result, shop_of
from integrations.shopify.client import Shopify
from integrations.shopify.values import Body, clean, maybe_identifier, text
from orders.models import Shop


def _shop(connection: Connection, body: Body) -> Result:
    """Name, currency, time zone and country may change; the myshopify domain and the id do not."""
    shop = shop_of(connection)
    said = {
        "remote_id": maybe_identifier(body.get("id")),
        "name": text(body, "name")[:255],
        "currency": text(body, "currency")[:3],
        "time_zone": text(body, "iana_timezone")[:64],
        "country": text(body, "country_code")[:2],
    }
    known = {name: value for name, value in said.items() if value and getattr(shop, name) != value}
    Shop.objects.filter(pk=shop.pk).update(**known)
    return (f"changed: {', '.join(known)}" if known else "nothing new"), None


def _scopes(connection: Connection, body: Body) -> Result:
    """The merchant granted or took away scopes; what is missing now the connection's page says."""
    current = sorted(clean(scope) for scope in body.get("current") or [])
    Connection.objects.filter(pk=connection.pk).update(scopes=current, scopes_at=timezone.now())
    return f"{len(current)} scopes granted", None


def _uninstalled(connection: Connection, body: Body) -> Result:
    """The store took the app away, unless it is back: such a message may come late, when it is installed again."""
    if Shopify(connection).opens():
        raise Ignored("The app is installed: this is an old message.")
    connecting.mark_uninstalled(connection)
    return "the app is gone; what waits is kept", None


def _query_ended(connection: Connection, body: Body) -> Result:
    """A bulk query came to its end: the pass that waits for its file may look, and a round trip has come home."""
    bells.ring(bells.PASSES)
    return f"a bulk query is {text(body, 'status') or 'over'}", None


HANDLERS = {
    "bulk_operations/finish": _query_ended,
    "app/uninstalled": _uninstalled,
    "shop/update": _shop,
    "app/scopes_update": _scopes,
}
