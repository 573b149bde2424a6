"""Telling staff when a measure of a connection passes a limit they set, and once more when it is back.

`evaluate` runs every minute on whichever worker comes first. It opens and ends `Alert` rows in one short transaction,
and tells afterwards, outside of any. What was told is noted on the row at once; what failed is tried again on the next
run for 24 hours. Two runs at once cannot tell twice: one holds the slot, the other goes home. Only a worker that is
killed between a mail and its note leaves that one mail to be sent again.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations import telling
from integrations.drains import slot
from integrations.measures import MEASURES, UNITS
from integrations.models import Alert, AlertLimit, Connection

logger = logging.getLogger(__name__)

TRIED_FOR = timedelta(hours=24)
TELL_SECONDS = 30.0  # then no further one is begun: a task may last 60 s, and one telling may last 16
RAISED, ENDED = "raised", "ended"
MAIL, WEBHOOK = "mail", "webhook"

SENTENCES = {
    AlertLimit.Measure.LAG: "the oldest delivery has waited {amount}",
    AlertLimit.Measure.PARKED: "{amount} parked",
    AlertLimit.Measure.DRIFT: "{amount} not the same there",
    AlertLimit.Measure.INBOX: "the oldest message has waited {amount} to be handled",
    AlertLimit.Measure.PASS: "no pass over it was finished for {amount}",
    AlertLimit.Measure.PROOF: "{amount} of the last check: orders that differed, or a closed way",
}


def evaluate() -> None:
    """Open and end alerts by what is measured now, then tell what is untold. Run every minute."""
    with slot("alerts", 1) as mine:
        if not mine:
            return
        limits = list(AlertLimit.objects.order_by("pk"))
        if limits:
            _open_and_end(limits)
            _tell_what_is_untold()


def _open_and_end(limits: list[AlertLimit]) -> None:
    measured = {measure: MEASURES[measure]() for measure in {limit.measure for limit in limits}}
    connections = set(Connection.objects.filter(removed_at=None).values_list("pk", flat=True))
    beyond = {
        (limit.pk, pk): value
        for limit in limits
        for pk, value in measured[limit.measure].items()
        if value > limit.limit and pk in connections and limit.connection_id in (None, pk)
    }
    standing = {(alert.limit_id, alert.connection_id): alert for alert in Alert.objects.filter(ended_at=None)}
    new = [
        Alert(limit_id=limit_id, connection_id=pk, value=value)
        for (limit_id, pk), value in beyond.items()
        if (limit_id, pk) not in standing
    ]
    over = [alert.pk for key, alert in standing.items() if key not in beyond]
    with transaction.atomic():
        Alert.objects.bulk_create(new, ignore_conflicts=True)
        Alert.objects.filter(pk__in=over, ended_at=None).update(ended_at=timezone.now())


@dataclass(frozen=True, slots=True)
class Telling:
    """What has to be told about one alert by one way, in this order."""

    alert: Alert
    way: str
    events: list[str]

    @property
    def tried_at(self) -> str:
        """When it was last tried; those never tried sort first, so that one dead webhook cannot hold up the others."""
        note = noted(self.alert, self.events[0], self.way)
        return str(note["at"]) if note else ""


def _tell_what_is_untold() -> None:
    stop_at = time.monotonic() + TELL_SECONDS
    for each in sorted(untold(timezone.now()), key=lambda each: each.tried_at):
        for event in each.events:
            if time.monotonic() > stop_at:
                return
            if not _tell(each.alert, event, each.way):
                break  # "it is over" before "it began" would puzzle anybody


def untold(now: datetime) -> list[Telling]:
    """What nobody was told yet, and is not older than 24 hours."""
    recent = Alert.objects.filter(ended_at=None) | Alert.objects.filter(ended_at__gt=now - TRIED_FOR)
    found = []
    for alert in recent.select_related("limit", "connection").defer("connection__secrets").order_by("pk"):
        moments = {RAISED: alert.raised_at, ENDED: alert.ended_at}
        for way in ways(alert.limit):
            events = [
                event
                for event, moment in moments.items()
                if moment and moment > now - TRIED_FOR and not was_told(alert, event, way)
            ]
            if events:
                found.append(Telling(alert, way, events))
    return found


def ways(limit: AlertLimit) -> list[str]:
    """How a limit tells: by mail, by webhook, or both."""
    return [way for way, target in ((MAIL, limit.mail_to), (WEBHOOK, limit.url)) if target]


def noted(alert: Alert, event: str, way: str) -> dict[str, Any] | None:
    """The note in `Alert.told` about this event and way: {"event", "way", "at", "tries", "error"}."""
    return next((note for note in alert.told if (note["event"], note["way"]) == (event, way)), None)


def was_told(alert: Alert, event: str, way: str) -> bool:
    note = noted(alert, event, way)
    return note is not None and not note["error"]


def _tell(alert: Alert, event: str, way: str) -> bool:
    """Tell one event by one way and note what came of it. True when it was told."""
    error = _send(alert.limit, way, message(alert, event))
    before = noted(alert, event, way)
    note = {
        "event": event,
        "way": way,
        "at": timezone.now().isoformat(timespec="seconds"),
        "tries": (before["tries"] if before else 0) + 1,
        "error": error,
    }
    alert.told = [*(other for other in alert.told if other is not before), note]
    Alert.objects.filter(pk=alert.pk).update(told=alert.told)
    if error:
        logger.warning("Alert %s was not told by %s: %s", alert.pk, way, error)
    return not error


def message(alert: Alert, event: str) -> dict[str, Any]:
    """What is told, in words and numbers; the webhook's JSON and the mail's context."""
    limit, connection = alert.limit, alert.connection
    if event == RAISED:
        text = f"{connection.label}: {words(limit, alert.value)}."
    else:
        text = f"{connection.label} is well again. It was: {words(limit, alert.value)}."
    return {
        "text": text,
        "id": f"alert_{alert.pk}_{event}",
        "event": f"alert.{event}",
        "measure": limit.measure,
        "value": alert.value,
        "limit": limit.limit,
        "unit": UNITS[limit.measure][1],
        "connection": connection.public_id,
        "connection_label": connection.label,
        "paused_because": connection.paused_because,
        "raised_at": alert.raised_at.isoformat(timespec="seconds"),
        "ended_at": alert.ended_at.isoformat(timespec="seconds") if alert.ended_at else None,
        "page": telling.page_of(connection),
    }


def words(limit: AlertLimit, value: int) -> str:
    """Such as "12 deliveries parked; the limit is 5 deliveries"."""
    sentence = SENTENCES[AlertLimit.Measure(limit.measure)].format(amount=amount(limit.measure, value))
    return f"{sentence}; the limit is {amount(limit.measure, limit.limit)}"


def amount(measure: str, value: int) -> str:
    """Such as "1 delivery" or "1,200 seconds"."""
    one, several = UNITS[measure]
    return f"{value:,} {one if value == 1 else several}"


def send_test(limit: AlertLimit, *, by: str) -> list[str]:
    """Send a test by every way of the limit, outside any transaction; returns a sentence for each that failed."""
    body: dict[str, Any] = {
        "text": f"This is a test by {by} of the limit “{limit}”. Nothing is wrong.",
        "id": f"alert_test_{limit.pk}_{int(time.time())}",
        "event": "alert.test",
        "measure": limit.measure,
        "value": 0,
        "limit": limit.limit,
        "unit": UNITS[limit.measure][1],
    }
    return [error for way in ways(limit) if (error := _send(limit, way, body))]


def _send(limit: AlertLimit, way: str, body: dict[str, Any]) -> str:
    if way == WEBHOOK:
        return telling.post(limit.url, body["id"], body)
    return telling.mail(
        [to.strip() for to in limit.mail_to.split(",")], body["text"], "integrations/alert_mail.txt", {"message": body}
    )
