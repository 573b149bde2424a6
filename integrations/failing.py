"""Endpoints that fail for days, or say that they are gone: people are warned, then the line is paused.

`Health.failing_since` is kept by the senders; `Health.warned` is ours: the percent of the five days that was last told.
`run` comes every minute. It pauses first and mails after the commit, one run at a time over all hosts; a mail that did
not go out is tried again on the next run, so what is pending is always read from the rows. Only a worker that is killed
between a mail and its note leaves that one mail to be sent again.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import pausing, telling
from integrations.drains import slot
from integrations.models import Connection, Health

logger = logging.getLogger(__name__)

PATIENCE = timedelta(days=5)
WARNINGS = (50, 80, 100)  # percent of it; at the last one the connection is paused
SLACK = 1  # percent that clocks may step back without starting over
FAILED = "Every try has failed for 5 days"
GONE = "The receiver says 410: it wants no more"
BY = "system"
TELL_SECONDS = 30.0  # as for alerts


def gone(connection: Connection) -> None:
    """The receiver answered 410: pause at once. Quick, for senders call it; the next `run` sends the mail."""
    with transaction.atomic():
        if pausing.pause(connection, because=GONE, by=BY):
            # The row may not be there yet where nothing else was ever sent.
            Health.objects.update_or_create(connection=connection, defaults={"warned": 0})


def run() -> None:
    """Pause what has failed for five days and send the warnings that are due. Run every minute."""
    with slot("failing", 1) as mine:
        if not mine:
            return
        now = timezone.now()
        _forget_ended_streaks(now)
        for health in _endpoints().filter(connection__paused_at=None, failing_since__lte=now - PATIENCE):
            _pause(health)
        stop_at = time.monotonic() + TELL_SECONDS
        for health, percent in _due(now):
            if time.monotonic() > stop_at:
                return
            _warn(health, percent)


def _endpoints() -> Any:
    """Health of partner endpoints. A store's own line is not paused for failing: alerts tell of it, and troubles.py."""
    rows = Health.objects.filter(connection__system="webhook", connection__removed_at=None)
    return rows.select_related("connection__partner").defer("connection__secrets").order_by("pk")


def _forget_ended_streaks(now: datetime) -> None:
    """A success ended the streak that was warned of: the next one is warned of from the beginning."""
    warned = _endpoints().filter(connection__paused_at=None, warned__gt=0)
    for health in warned:
        if health.failing_since is None or _percent(health.failing_since, now) < health.warned - SLACK:
            Health.objects.filter(pk=health.pk, failing_since=health.failing_since).update(warned=0)


def _percent(since: datetime, now: datetime) -> int:
    return int((now - since) / PATIENCE * 100)


def _pause(health: Health) -> None:
    """Pause, unless a success came in since we looked. In the order of `pausing.resume`: connection, then health."""
    with transaction.atomic():
        if not pausing.pause(health.connection, because=FAILED, by=BY):
            return
        still = Health.objects.select_for_update().filter(pk=health.pk, failing_since=health.failing_since)
        if not still.exists():
            transaction.set_rollback(True)


def _due(now: datetime) -> list[tuple[Health, int]]:
    """(health, percent) of every warning that is due and was not sent yet: the highest one only."""
    found = []
    for health in _endpoints().filter(
        connection__paused_at=None, failing_since__lte=now - PATIENCE * WARNINGS[0] / 100
    ):
        reached = max(percent for percent in WARNINGS if percent <= _percent(health.failing_since, now))
        if health.warned < reached < 100:  # at 100 it is told once it is paused
            found.append((health, reached))
    ours = [f"{because} ({BY})" for because in (FAILED, GONE)]
    paused = _endpoints().filter(connection__paused_because__in=ours, connection__paused_at__isnull=False)
    return found + [(health, 100) for health in paused.filter(warned__lt=100)]


def _warn(health: Health, percent: int) -> None:
    """Tell the partner and the operators, each in a mail of their own; noted unless nobody could be told."""
    connection = health.connection
    since = health.failing_since
    context = {
        "connection": connection,
        "since": since,
        "pauses_at": since + PATIENCE if since else None,
        "percent": percent,
        "gone": percent == 100 and connection.paused_because.startswith(GONE),
        "page": telling.page_of(connection),
    }
    subject = _subject(connection, percent, gone=bool(context["gone"]))
    mails = [(settings.OPERATORS_MAIL, "integrations/failing_mail_operators.txt")]
    if connection.partner and connection.partner.contact_email:
        mails.append(([connection.partner.contact_email], "integrations/failing_mail_partner.txt"))
    mails = [(to, template) for to, template in mails if to]
    if not mails:
        logger.error("%s, and there is nobody to tell. Set OPERATORS_MAIL.", subject)
    errors = [error for to, template in mails if (error := telling.mail(to, subject, template, context))]
    for error in errors:
        logger.warning("Warning about %s: %s", connection.public_id, error)
    if mails and len(errors) == len(mails):
        return  # the mail server is away: again on the next run
    # Another streak, or a resume, may have begun meanwhile; it is warned of by itself.
    same = Q(connection__paused_at=connection.paused_at) if percent == 100 else Q(failing_since=since)
    Health.objects.filter(same, pk=health.pk, warned=health.warned).update(warned=percent)


def _subject(connection: Connection, percent: int, *, gone: bool) -> str:
    if gone:
        return f"{connection.label} is paused: it answered 410"
    if percent == 100:
        return f"{connection.label} is paused: it has failed for 5 days"
    return f"{connection.label} is failing and will be paused ({percent} % of 5 days)"
