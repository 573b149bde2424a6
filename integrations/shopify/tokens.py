"""A connection's token: kept fresh, renewed by one asker at a time, and never lost.

A renewed pair replaces the old one at Shopify, so it must be committed before it is used, and no rollback of a caller
may take it away: renewing is refused inside of a transaction, and the pair is written in a transaction of its own.
While one asks, the others wait for the lock of this connection (a session lock: no row is held while the network is
slow) and then find the new token. Whoever dies between the answer and the commit leaves a refresh token behind that
still works, for nobody has used the new one.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations import pausing
from integrations.drains import turn
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, StoreHealth
from integrations.shopify import grants
from integrations.shopify.grants import Granted

EARLY = timedelta(minutes=5)  # a token that ends sooner is renewed before it is used
MOST_WAIT_SECONDS = 20.0  # for somebody else's renewal, which ends within 15 s
CONNECT_AGAIN = "Connect the store again"
BY = "system"


def current(connection: Connection) -> str:
    """The token to use now, renewed when it has less than 5 minutes left. Raises RetryLater, GiveUp(configuration)."""
    token: str = connection.secrets.get("token", "")
    ends = connection.token_expires_at
    if ends is None or ends - timezone.now() > EARLY:
        return token
    try:
        return renewed(connection, stale=token)
    except (RetryLater, GiveUp):
        if ends > timezone.now():
            return token  # it is still good, and the next call tries again
        raise


def renewed(connection: Connection, *, stale: str, is_final: bool = True) -> str:
    """Another token than `stale`: what somebody else has stored meanwhile, or what Shopify gives now.

    Raises RetryLater when Shopify cannot be asked, GiveUp(configuration) when it gives no token any more: then, unless
    this was only a try, the connection is paused until staff connect the store again. RuntimeError inside of a
    transaction.
    """
    _adopt(connection)  # refuses a transaction before anything is asked
    if connection.secrets["token"] != stale:
        return str(connection.secrets["token"])
    with turn(f"token:{connection.pk}", MOST_WAIT_SECONDS) as mine:
        _adopt(connection)
        if connection.secrets["token"] != stale:
            return str(connection.secrets["token"])
        if not mine:
            raise RetryLater("Another process has been renewing the token for long.")
        try:
            granted = _ask(connection)
        except GiveUp as refusal:
            if is_final:
                died(connection, str(refusal), stale=stale)
            raise
        keep(connection, granted, stale=stale)
    return str(connection.secrets["token"])


def _ask(connection: Connection) -> Granted:
    if connection.grant == Connection.Grant.STATIC:
        raise GiveUp("Shopify refuses our token.", parked="configuration", status=401)
    if connection.grant == Connection.Grant.CLIENT_CREDENTIALS:
        return grants.by_client_credentials(connection)
    return grants.by_refresh_token(connection)


def keep(connection: Connection, granted: Granted, *, stale: str) -> None:
    """Store what was granted, committed on return; not when another token than `stale` is there meanwhile."""
    with transaction.atomic(durable=True):
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if row.secrets.get("token") == stale:
            put(row, granted)
    _adopt(connection)


def put(row: Connection, granted: Granted) -> None:
    """Write what was granted into a locked row; its problem, if it had one, is over. Call it in a transaction."""
    row.secrets = {**row.secrets, "token": granted.token, "refresh_token": granted.refresh_token}
    row.token_expires_at, row.refresh_expires_at = granted.expires_at, granted.refresh_expires_at
    if granted.scopes:
        row.scopes, row.scopes_at = granted.scopes, timezone.now()
    row.save(update_fields=["secrets", "token_expires_at", "refresh_expires_at", "scopes", "scopes_at"])
    StoreHealth.objects.update_or_create(connection=row, defaults={"token_at": timezone.now(), "token_problem": ""})


def died(connection: Connection, why: str, *, stale: str) -> None:
    """No token can be had any more: send nothing until staff connect the store again. Not if they just did."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if row.secrets.get("token") != stale:
            return
        StoreHealth.objects.update_or_create(connection=row, defaults={"token_problem": why[:255]})
        pausing.pause(row, because=f"{CONNECT_AGAIN}: {why}", by=BY)


def _adopt(connection: Connection) -> None:
    """Give the connection at hand what its row says now."""
    with transaction.atomic(durable=True):
        row = Connection.objects.get(pk=connection.pk)
    for name in ("secrets", "grant", "client_id", "token_expires_at", "refresh_expires_at", "uninstalled_at"):
        setattr(connection, name, getattr(row, name))
