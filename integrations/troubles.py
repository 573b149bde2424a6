"""What is wrong with a store that only a person can put right, and telling staff of it once.

Read from what is kept: the connection, what its answers showed, its last check of subscriptions. `run` comes every
minute; it opens and ends `Trouble` rows and mails afterwards, outside of any transaction. A mail that did not go out is
tried again on the next run. Paused stores are watched like all others: a store that took the app away is paused.
"""

import logging
import time
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from integrations import telling
from integrations.drains import slot
from integrations.models import Connection, Delivery, StoreHealth, SyncRun, Trouble
from integrations.shopify import access, versions
from integrations.shopify.pushes.replacing import placed_lately

logger = logging.getLogger(__name__)
Kind = Trouble.Kind

TELL_SECONDS = 30.0  # as for alerts
NAMED = 6  # topics or scopes named in a sentence; the page has them all


def found(
    connection: Connection, health: StoreHealth | None, check: SyncRun | None, today: date
) -> dict[Trouble.Kind, str]:
    """Kind → what is wrong and what to do. `check` is the last one of its subscriptions that came to its end."""
    if connection.uninstalled_at:
        return {
            Kind.UNINSTALLED: f"The store took the app away on {connection.uninstalled_at:%d %b %Y, %H:%M} UTC. "
            "Nothing is lost: connect it again, and what waited is sent."
        }
    problem = health.token_problem if health else ""
    missing = [scope for scope in access.missing(connection) if scope.required]
    words = {
        Kind.TOKEN: f"{problem} Connect the store again; until then nothing is sent and nothing read."
        if problem
        else "",
        Kind.SCOPES: f"The store does not grant {_some([scope.handle for scope in missing])}, so these do not work: "
        f"{', '.join(sorted({feature for scope in missing for feature in scope.features}))}."
        if missing
        else "",
        Kind.SUBSCRIPTIONS: _subscriptions(connection, check),
        Kind.BRAKE: _brake(connection),
        Kind.VERSION: versions.trouble(settings.SHOPIFY_API_VERSION, health.api_version if health else "", today),
    }
    return {kind: text[:500] for kind, text in words.items() if text}


def _subscriptions(connection: Connection, check: SyncRun | None) -> str:
    """Topics that Shopify refuses though their scope is granted; topics that it had taken away."""
    if check is None:
        return ""
    refused = [topic for topic in check.facts.get("refused", {}) if access.is_open(topic, connection.scopes)]
    if refused:
        why = check.facts["refused"][refused[0]]
        return f"Shopify does not send {_some(refused)}: {why}"
    if lost := check.facts.get("lost"):
        at = f"{check.started_at:%d %b %Y, %H:%M} UTC"
        return (
            f"Shopify had taken away the webhooks {_some(lost)}, as it does when we do not answer for four hours. "
            f"They were subscribed again on {at}; what was missed meanwhile is found by reconciliation."
        )
    return ""


def _brake(connection: Connection) -> str:
    """More replacements wait than may be placed in an hour."""
    waiting = connection.deliveries.filter(entry__action="resolution.queued", state=Delivery.State.RETRYING).count()
    placed = placed_lately(connection) if waiting else 0
    if placed < settings.REPLACEMENTS_PER_HOUR or not waiting:
        return ""
    return (
        f"{placed} replacements were placed within an hour, as many as REPLACEMENTS_PER_HOUR allows, {waiting} more "
        "wait. They go on by themselves: look whether all these claims are real, and undo those that are not."
    )


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def run() -> None:
    """Open, keep up and end troubles by what is known now, then tell what is untold. Run every minute."""
    with slot("troubles", 1) as mine:
        if mine:
            _open_and_end()
            _tell()


def _open_and_end() -> None:
    today = timezone.now().date()
    stores = Connection.objects.filter(system="shopify", removed_at=None).select_related("shop", "store")
    checks = last_checks()
    for connection in stores.defer("secrets"):
        health: StoreHealth | None = getattr(connection, "store", None)
        now = found(connection, health, checks.get(connection.pk), today)
        with transaction.atomic():
            standing = {row.kind: row for row in connection.troubles.filter(ended_at=None)}
            for kind, words in now.items():
                row = standing.pop(kind, None)
                if row is None:
                    Trouble.objects.create(connection=connection, kind=kind, words=words)
                elif row.words != words:
                    Trouble.objects.filter(pk=row.pk).update(words=words)
            over = [row.pk for row in standing.values()]
            Trouble.objects.filter(pk__in=over).update(ended_at=timezone.now())


def last_checks() -> dict[int, SyncRun]:
    """Connection → its last check of subscriptions that came to its end; one query over the newest of each."""
    done = SyncRun.objects.filter(kind=SyncRun.Kind.SUBSCRIPTIONS, state=SyncRun.State.DONE).order_by()
    newest = done.values("connection").annotate(newest=Max("id")).values("newest")
    return {run.connection_id: run for run in SyncRun.objects.filter(pk__in=newest)}


def _tell() -> None:
    stop_at = time.monotonic() + TELL_SECONDS
    untold = Trouble.objects.filter(ended_at=None, told_at=None).select_related("connection")
    for trouble in untold.defer("connection__secrets").order_by("id"):
        if time.monotonic() > stop_at:
            return
        kind = trouble.get_kind_display()
        subject = f"{trouble.connection.label}: {kind[0].lower()}{kind[1:]}"
        if settings.OPERATORS_MAIL:
            context = {"trouble": trouble, "page": telling.page_of(trouble.connection)}
            error = telling.mail(settings.OPERATORS_MAIL, subject, "integrations/trouble_mail.txt", context)
            if error:
                logger.warning("Trouble %s: %s", trouble.pk, error)
                continue
        else:
            logger.error("%s, and there is nobody to tell. Set OPERATORS_MAIL.", subject)
        Trouble.objects.filter(pk=trouble.pk).update(told_at=timezone.now())
