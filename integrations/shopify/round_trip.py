"""A round trip: something harmless is asked of the store, and the webhook it causes must come back to us.

It proves the whole loop: our token opens the API, the store knows our address, its signature is believed, the message
is stored, a worker handles it. What is asked is a bulk query that finds nothing: it writes nothing in the store, and
Shopify tells of its end by bulk_operations/finish. A trip is a `SyncRun` of kind check; `look` says how far it is and
ends it, so whoever waits calls it again and again.
"""

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from integrations.connecting import webhook_url
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, InboundMessage, SyncRun
from integrations.shopify import app_queries
from integrations.shopify.client import Shopify
from integrations.shopify.subscriptions import TAKEN
from orders.models import Shop

TOPIC = "bulk_operations/finish"
NOTHING = 'query { orders(query: "id:0") { edges { node { id } } } }'
MOST_WAIT = timedelta(seconds=90)


class UnderWay(Exception):
    """A check of this store is running already."""


def begin(connection: Connection, *, by: str) -> SyncRun:
    """Start a trip. A store that refuses or does not answer leaves a failed one; raises UnderWay."""
    end_forgotten()
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                connection=connection, kind=SyncRun.Kind.CHECK, by=by[:255], facts={"round_trip": True}
            )
    except IntegrityError:
        raise UnderWay("A check of this store is running already.") from None
    try:
        set_out(connection, run)
    except (GiveUp, RetryLater) as error:
        _end(run, str(error))
    return run


def set_out(connection: Connection, run: SyncRun) -> None:
    """Ask for the query and keep in the run's cursor how its webhook is known. Raises GiveUp, RetryLater."""
    shopify = Shopify(connection)
    shop = shopify.run(app_queries.SHOP_NAME, {})["shop"]
    run.facts["shop"] = shop["name"]
    _learn_country(connection, shop["shopAddress"]["countryCodeV2"])
    run.facts["asked_ms"] = _since(run.started_at)
    _listen(shopify, connection)
    run.cursor["set_out_at"] = timezone.now().isoformat()
    answer = shopify.run(app_queries.BULK_RUN, {"query": NOTHING})["bulkOperationRunQuery"]
    if answer["userErrors"]:
        reason = " ".join(error["message"] for error in answer["userErrors"])
        raise GiveUp(f"Shopify does not run the query: {reason}", parked="refused")
    run.cursor["operation"] = answer["bulkOperation"]["id"]
    SyncRun.objects.filter(pk=run.pk).update(cursor=run.cursor, facts=run.facts, beat_at=Now())


def _learn_country(connection: Connection, code: str | None) -> None:
    """Where the store sends from, which a new connection does not know yet: what is abroad follows from it."""
    if code and connection.shop:
        Shop.objects.filter(pk=connection.shop.pk).exclude(country=code).update(country=code[:2])


def _listen(shopify: Shopify, connection: Connection) -> None:
    """Subscribe the topic, if the last check of subscriptions has not."""
    variables = {"topic": "BULK_OPERATIONS_FINISH", "sub": {"uri": webhook_url(connection), "format": "JSON"}}
    errors = shopify.run(app_queries.WEBHOOK_CREATE, variables)["webhookSubscriptionCreate"]["userErrors"]
    reason = " ".join(error["message"] for error in errors)
    if reason and TAKEN not in reason:
        raise GiveUp(f"Shopify does not send its webhook: {reason}", parked="refused")


def look(run: SyncRun) -> SyncRun:
    """How far a trip is, written down; ended when its webhook was handled, or did not come for 90 seconds."""
    run.refresh_from_db()
    if run.state != SyncRun.State.RUNNING:
        return run
    seen = arrival(run)
    if seen.handled:
        _end(run, "")
    elif is_overdue(run):
        _end(run, seen.failure)
    else:
        SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING).update(facts=run.facts, beat_at=Now())
    return run


def is_overdue(run: SyncRun) -> bool:
    """Whether its webhook should have come long ago; counted from when it was asked for, not from when a pass began."""
    set_out_at = run.cursor.get("set_out_at")
    return timezone.now() - (datetime.fromisoformat(set_out_at) if set_out_at else run.started_at) > MOST_WAIT


class Arrival(NamedTuple):
    """Whether the webhook of a trip was handled; `failure` is what to say when it is not by the end of the wait."""

    handled: bool
    failure: str = ""


def arrival(run: SyncRun) -> Arrival:
    """How far the trip is; the times it took are put among the run's facts, in milliseconds."""
    message = _arrived(run)
    if message is None:
        return Arrival(
            False, "No webhook came. Can the store reach PUBLIC_URL, and is the client secret the app's own?"
        )
    left = datetime.fromisoformat(run.cursor["set_out_at"])
    run.facts["arrived_ms"] = _between(left, message.received_at)
    if message.handled_at is None:
        return Arrival(False, "The webhook came, but no worker handled it. Is manage.py worker running?")
    run.facts["handled_ms"] = _between(left, message.handled_at)
    return Arrival(True)


def latest(connection: Connection) -> SyncRun | None:
    """The store's last trip."""
    return _trips().filter(connection=connection).order_by("-id").first()


def end_forgotten() -> None:
    """End the trips that nobody looks at any more. Run every five minutes."""
    for run in _trips().filter(state=SyncRun.State.RUNNING, started_at__lt=timezone.now() - MOST_WAIT):
        look(run)


def _trips() -> QuerySet[SyncRun]:
    rows = SyncRun.objects.filter(kind=SyncRun.Kind.CHECK, facts__round_trip=True)
    return rows.select_related("connection__shop")


def _arrived(run: SyncRun) -> InboundMessage | None:
    operation = run.cursor.get("operation")
    since = run.started_at - timedelta(seconds=5)
    recent = InboundMessage.objects.filter(connection=run.connection_id, topic=TOPIC).order_by("-id")
    for message in recent[:20]:
        if operation and message.received_at >= since and _names(message) == operation:
            return message
    return None


def _names(message: InboundMessage) -> Any:
    try:
        body = json.loads(message.body)
    except (ValueError, RecursionError):
        return None
    return body.get("admin_graphql_api_id") if isinstance(body, dict) else None


def _end(run: SyncRun, failure: str) -> None:
    run.state = SyncRun.State.FAILED if failure else SyncRun.State.DONE
    run.failure, run.ended_at = failure, timezone.now()
    run.save(update_fields=["state", "failure", "ended_at", "facts", "cursor"])


def _since(moment: datetime) -> int:
    return _between(moment, timezone.now())


def _between(one: datetime, other: datetime) -> int:
    return max(0, int((other - one).total_seconds() * 1000))
