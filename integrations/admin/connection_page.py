"""The page of one connection: how it does, how much it delivers, what goes wrong, what is stuck; and its buttons."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.utils import timezone

from backoffice.console.pages import ConsolePage, Refused
from backoffice.templatetags.words import duration
from integrations import outbox, passes, pausing, proving, reconcile
from integrations.condition import Backlog, backlog, condition, health_of, oldest_stuck
from integrations.models import Connection, Delivery, DeliveryAttempt, SyncRun
from integrations.tries import (
    DAY,
    Throughput,
    begins,
    error_kinds,
    last_tries,
    newest,
    throughput,
    tries_of,
)

CHANGE = "integrations.change_connection"
SEND = "integrations.change_delivery"
LOG = 20
WAITING = 10
# The sparkline's own units; the page scales it.
WIDTH, HEIGHT = 240, 40


class ConnectionPage(ConsolePage):
    template_name = "integrations/connection.html"
    verbs: ClassVar[dict[str, str]] = {
        "pause": CHANGE, "resume": CHANGE, "again": SEND, "since": SEND, "reconcile": CHANGE, "check": CHANGE,
    }  # fmt: skip

    def load(self, pk: int) -> Connection | None:
        connections = Connection.objects.defer("secrets").select_related("shop", "partner", "health")
        return connections.filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        connection: Connection = self.subject
        health, waiting = health_of(connection), backlog(connection.pk)
        recent = newest()
        mine = tries_of(connection.pk, recent)
        speed = throughput(connection.pk, recent)
        return {
            "title": str(connection),
            "connection": connection,
            "health": health,
            "condition": condition(connection, health, waiting=waiting.open > 0, parked=waiting.parked),
            "backlog": waiting,
            "lag": lag_in_words(waiting.lag),
            "numbers": {"open": f"{waiting.open:,}", "parked": f"{waiting.parked:,}", "delivered": f"{speed.total:,}"},
            "by_state": [(state, f"{number:,}") for state, number in waiting.by_state],
            "stuck": oldest_stuck(connection.pk) if waiting.open else None,
            "speed": speed,
            "spark": sparkline(speed),
            "speed_in_words": in_words(speed),
            "errors": error_kinds(mine),
            "errors_since": begins(recent, timezone.now() - DAY),
            "waiting": _waiting(connection, waiting),
            "log": [{"attempt": row, "tone": tone_of(row)} for row in last_tries(mine, LOG)],
            "is_endpoint": connection.system == "webhook",
            "is_store": connection.system == reconcile.SYSTEM,
            **(proof_of(connection) if connection.system == reconcile.SYSTEM else {}),
        }

    def pause(self) -> str:
        by = f"staff:{self.request.user.get_username()}"
        pausing.pause(self.subject, because=self.request.POST.get("because", ""), by=by)
        return "Paused. Nothing is sent; what happens meanwhile waits."

    def resume(self) -> str:
        if self.subject.removed_at:
            raise Refused("Its owner removed this endpoint. Let them make a new one.")
        pausing.resume(self.subject)
        return "Resumed. What waited is sent now."

    def again(self) -> str:
        self._must_be_there()
        number = outbox.send_all_again(self.subject, by=f"staff:{self.request.user.get_username()}")
        return (
            f"{_deliveries(number)} sent again, each order in its order." if number else "Nothing was parked any more."
        )

    def since(self) -> str:
        self._must_be_there()
        since = self._moment(self.request.POST.get("since", ""))
        try:
            number = outbox.send_since(self.subject, since, by=f"staff:{self.request.user.get_username()}")
        except ValueError as reason:
            raise Refused(str(reason)) from reason
        return f"Everything since {since:%d %b %Y, %H:%M} UTC: {_deliveries(number)} sent again."

    def reconcile(self) -> str:
        self._must_be_a_store()
        typed = self.request.POST.get("from", "")
        since = self._moment(typed) if typed else None
        try:
            reconcile.begin(self.subject, since=since, by=f"staff:{self.request.user.get_username()}")
        except passes.UnderWay as reason:
            raise Refused(f"{reason} See Passes.") from reason
        return "A pass has begun: what differs is found and healed. See Passes."

    def check(self) -> str:
        self._must_be_a_store()
        try:
            proving.begin(self.subject, by=f"staff:{self.request.user.get_username()}")
        except passes.UnderWay as reason:
            raise Refused(f"{reason} See Passes.") from reason
        return "A check has begun: a round trip, and orders drawn by lot compared field by field. See Passes."

    def _must_be_a_store(self) -> None:
        if self.subject.system != reconcile.SYSTEM:
            raise Refused("Only a store can be compared with us.")
        if self.subject.uninstalled_at or self.subject.removed_at:
            raise Refused("This store is no longer connected.")

    def _must_be_there(self) -> None:
        if self.subject.removed_at:
            raise Refused("Its owner removed this endpoint; nothing can be sent to it.")

    def _moment(self, typed: str) -> datetime:
        try:
            moment = datetime.fromisoformat(typed.strip())
        except ValueError:
            raise Refused("Say since when: a date and a time, in UTC.") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment > datetime.now(UTC):
            raise Refused("That moment has not come yet. Choose one that is past.")
        return moment


def proof_of(connection: Connection) -> dict[str, Any]:
    """The last pass that compared the store with us, the last check of it, and the pass that is under way."""
    compared = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.RECONCILE).order_by("-id")
    return {
        "last_pass": compared.filter(state=SyncRun.State.DONE).first(),
        "under_way": compared.filter(state=SyncRun.State.RUNNING).first(),
        "last_check": proving.last(connection),
    }


def lag_in_words(lag: timedelta) -> str:
    """Such as "12 min"; seconds below a minute, for in a near real time that is where it lives."""
    if lag < timedelta(seconds=1):
        return "none"
    return duration(lag) if lag >= timedelta(minutes=1) else f"{lag.seconds} s"


def _deliveries(number: int) -> str:
    return f"{number:,} {'delivery is' if number == 1 else 'deliveries are'}"


def _waiting(connection: Connection, waiting: Backlog) -> list[Delivery]:
    """The oldest open deliveries."""
    if not waiting.open:
        return []
    rows = Delivery.objects.filter(connection=connection, state__in=Delivery.OPEN)
    return list(rows.select_related("entry", "order").defer("order__amounts").order_by("id")[:WAITING])


def tone_of(attempt: DeliveryAttempt) -> str:
    return "good" if attempt.went_well else "bad"


def sparkline(speed: Throughput) -> str:
    """Points of an SVG polyline, one for each minute, the newest at the right."""
    step, most = WIDTH / (len(speed.minutes) - 1), max(1, speed.most)
    return " ".join(
        f"{index * step:.1f},{HEIGHT - (HEIGHT - 2) * number / most:.1f}"
        for index, (_, number) in enumerate(speed.minutes)
    )


def in_words(speed: Throughput) -> str:
    """The sparkline for those who do not see it."""
    if not speed.total:
        return "Nothing was delivered in the last hour."
    last = sum(number for _, number in speed.minutes[-10:])
    return (
        f"{speed.total:,} delivered in the last hour, {last:,} of them in the last ten minutes; "
        f"at most {speed.most:,} in one minute."
    )
