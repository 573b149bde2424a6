"""Which webhooks a store sends us: listed, compared with what we handle, and mended.

Shopify takes a subscription away after four hours of failed tries, without a word. So every hour, and when a store has
been silent for longer than is its way, what is missing is subscribed again, what points elsewhere is pointed here, and
our duplicates are removed. Each pass is a `SyncRun`. One refused topic (its scope is missing) stops no other.
https://shopify.dev/docs/api/admin-graphql/latest/queries/webhookSubscriptions
"""

import logging
import time
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min
from django.db.models.functions import Now
from django.utils import timezone

from integrations.connecting import webhook_url
from integrations.drains import slot
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, InboundMessage, StoreHealth, SyncRun
from integrations.shopify import access, app_queries, inbound
from integrations.shopify.client import Shopify

logger = logging.getLogger(__name__)

TAKEN = "already been taken"  # the topic has this address already: what we wanted

PAGE = 100
MOST_PAUSE_SECONDS = 5.0
EVERY = timedelta(hours=1)
RUN_SECONDS = 30.0  # then no further store is begun: a task may last 60 s
RECENT = 50_000  # messages of all stores that tell how often one of them usually speaks
SILENT_GAPS = 20  # longer than so many usual gaps between its messages, a store is silent
LEAST_SILENCE = timedelta(minutes=10)
LEAST_MESSAGES = 20  # fewer tell nothing


@dataclass(slots=True)
class Repair:
    """What one pass found and did, by topic. `refused`: topic → Shopify's reason; `removed`: duplicates of ours."""

    present: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def check(connection: Connection, *, by: str) -> SyncRun | None:
    """Ask for the scopes, mend the subscriptions, and keep what came of it; None when somebody is at it.

    A store that cannot be asked leaves a failed pass, never an exception.
    """
    with slot(f"subscriptions:{connection.pk}", 1) as mine:
        if not mine:
            return None
        # A pass that runs and is held by nobody was killed; this one takes its place.
        run, _ = SyncRun.objects.update_or_create(
            connection=connection, kind=SyncRun.Kind.SUBSCRIPTIONS, state=SyncRun.State.RUNNING,
            defaults={"by": by[:255], "facts": {}, "beat_at": Now()},
        )  # fmt: skip
        repair, failure, held = Repair(), "", _held(connection)
        before = connection.secrets.get("token")
        try:
            missing = access.refresh_scopes(connection)
            run.facts = {"scopes_missing": [scope.handle for scope in missing]}
            mend(connection, repair)
        except (GiveUp, RetryLater) as error:
            failure = str(error)
        run.facts |= asdict(repair) | {
            "wanted": len(inbound.SUBSCRIBED),
            "lost": [topic for topic in repair.created if topic in held],
            "token": "failed" if failure else "renewed" if connection.secrets.get("token") != before else "ok",
            "api_version": _answering(connection),
        }
        run.state = SyncRun.State.FAILED if failure else SyncRun.State.DONE
        run.failure = failure
        run.looked_at = len(repair.present) + len(repair.mended) + len(repair.created)
        run.drift_found = len(repair.created) + len(repair.mended) + len(repair.removed) + len(repair.refused)
        run.healed = len(repair.created) + len(repair.mended) + len(repair.removed)
        run.failed = len(repair.refused)
        run.ended_at = timezone.now()
        run.save()
        return run


def _held(connection: Connection) -> set[str]:
    """The topics that were subscribed when the last check ended: what is missing now, Shopify took away."""
    runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.SUBSCRIPTIONS, state=SyncRun.State.DONE)
    last = runs.order_by("-id").first()
    facts = last.facts if last else {}
    return {topic for name in ("present", "created", "mended") for topic in facts.get(name, ())}


def mend(connection: Connection, repair: Repair) -> None:
    """Make the store's subscriptions what they should be; `repair` says how far it came when this raises."""
    shopify, address = Shopify(connection), webhook_url(connection)
    ours: dict[str, list[dict[str, Any]]] = {}
    for node in _listed(shopify):
        if _is_ours(connection, node["uri"]):
            ours.setdefault(node["topic"], []).append(node)
    for topic in inbound.SUBSCRIBED:
        found = sorted(ours.get(_enum(topic), []), key=lambda node: node["uri"] != address)
        if not found:
            _create(shopify, topic, address, repair)
            continue
        if found[0]["uri"] == address:
            repair.present.append(topic)
        else:
            _point_here(shopify, topic, found[0], address, repair)
        for node in found[1:]:
            if not _asked(shopify, topic, "webhookSubscriptionDelete", app_queries.WEBHOOK_DELETE, {"id": node["id"]}):
                repair.removed.append(topic)


def _listed(shopify: Shopify) -> list[dict[str, Any]]:
    """Every subscription that our app made in the store through the API; those of its configuration are not shown."""
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        page = shopify.run(app_queries.WEBHOOK_LIST, {"first": PAGE, "after": after})["webhookSubscriptions"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


def _is_ours(connection: Connection, uri: str) -> bool:
    """Whether it was made by us: it has this connection's secret, or an address of this installation."""
    here = f"{settings.PUBLIC_URL.rstrip('/')}/webhooks/shopify/"
    return uri.startswith(here) or uri.rstrip("/").endswith(f"/{connection.secrets['inbound_token']}")


def _create(shopify: Shopify, topic: str, address: str, repair: Repair) -> None:
    variables = {"topic": _enum(topic), "sub": {"uri": address, "format": "JSON"}}
    why = _asked(shopify, topic, "webhookSubscriptionCreate", app_queries.WEBHOOK_CREATE, variables)
    if not why:
        repair.created.append(topic)
    elif TAKEN in why:
        repair.present.append(topic)
    else:
        repair.refused[topic] = why


def _point_here(shopify: Shopify, topic: str, node: dict[str, Any], address: str, repair: Repair) -> None:
    variables = {"id": node["id"], "sub": {"uri": address}}
    why = _asked(shopify, topic, "webhookSubscriptionUpdate", app_queries.WEBHOOK_UPDATE, variables)
    if why:
        repair.refused[topic] = why
    else:
        repair.mended.append(topic)


def _asked(shopify: Shopify, topic: str, name: str, document: str, variables: dict[str, Any]) -> str:
    """Shopify's reason why not, "" when it is done. A refused query (a topic it does not know) is a reason as well."""
    try:
        errors = _patiently(shopify, document, variables)[name]["userErrors"]
    except GiveUp as refusal:
        if refusal.parked != "refused":
            raise
        return str(refusal)[:200]
    return " ".join(error["message"] for error in errors)


def _patiently(shopify: Shopify, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Run one operation, after a pause when the bucket of points is empty: sixty topics may cost more than it holds."""
    try:
        return shopify.run(document, variables)
    except RetryLater as later:
        if later.after is None or later.after > MOST_PAUSE_SECONDS:
            raise
        time.sleep(later.after)
        return shopify.run(document, variables)


def _enum(topic: str) -> str:
    return topic.upper().replace("/", "_")


def _answering(connection: Connection) -> str:
    health = StoreHealth.objects.filter(connection=connection).first()
    return health.api_version if health else ""


def run() -> None:
    """Check every store whose last check is an hour ago, or that has been silent for long. Run every five minutes."""
    stop_at = time.monotonic() + RUN_SECONDS
    for connection in due():
        if time.monotonic() > stop_at:
            return
        if (done := check(connection, by="schedule")) and done.failure:
            logger.warning("The subscriptions of %s were not checked: %s", connection.public_id, done.failure)


def due() -> list[Connection]:
    """Stores to check now, the one that was checked longest ago first; none that is paused."""
    now = timezone.now()
    lasts = dict(
        SyncRun.objects.filter(kind=SyncRun.Kind.SUBSCRIPTIONS)
        .values_list("connection")
        .annotate(last=Max("started_at"))
    )
    silent = _silent_since()
    stores = Connection.objects.active().filter(system="shopify", uninstalled_at=None).select_related("shop")
    found = []
    for connection in stores:
        last = lasts.get(connection.pk)
        quiet = silent.get(connection.pk)
        if last is None or now - last >= EVERY or (quiet and last < quiet <= now):
            found.append((last is not None, last or now, connection))
    return [connection for *_, connection in sorted(found, key=lambda each: each[:2])]


def _silent_since() -> dict[int, Any]:
    """Connection → when its silence becomes longer than is its way, going by the newest messages of all stores."""
    newest = InboundMessage.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows = InboundMessage.objects.filter(pk__gt=newest - RECENT).order_by().values("connection")
    told = rows.annotate(number=Count("id"), first=Min("received_at"), last=Max("received_at"))
    return {
        row["connection"]: row["last"]
        + max(LEAST_SILENCE, SILENT_GAPS * (row["last"] - row["first"]) / (row["number"] - 1))
        for row in told
        if row["number"] >= LEAST_MESSAGES
    }
