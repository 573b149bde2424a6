"""How one connection does, in words: the one sentence that staff read first."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from integrations.measures import open_deliveries
from integrations.models import Connection, Delivery, Health


@dataclass(frozen=True, slots=True)
class Condition:
    words: str
    tone: str


def condition(connection: Connection, health: Health | None, *, waiting: bool, parked: int | bool) -> Condition:
    """What is true and matters most. `parked`: how many, or only whether any; `waiting`: whether anything is open."""
    now = timezone.now()
    if connection.removed_at:
        return Condition("Removed by its owner", "")
    if connection.paused_at:
        return Condition(f"Paused: {connection.paused_because}", "warn")
    if health and health.open_until and health.open_until > now:
        until = f"{health.open_until.astimezone(UTC):%H:%M:%S} UTC"
        if not health.failures:
            return Condition(f"Throttled: waiting until {until}, as it asked", "warn")
        many = f" after {health.failures} failures in a row" if health.failures > 1 else ""
        return Condition(f"Waiting for the breaker until {until}{many}", "bad")
    if health and health.failing_since and (health.failures or not parked):  # without: single events were refused
        return Condition(f"Failing since {_clock(health.failing_since, now)}", "bad")
    if health and health.recovering is not None:
        return Condition(f"Recovering, {health.recovering} at a time", "warn")
    if parked:
        number = (
            "Deliveries are" if parked is True else f"{parked:,} {'delivery is' if parked == 1 else 'deliveries are'}"
        )
        return Condition(f"{number} parked", "bad")
    return Condition("Sending", "info") if waiting else Condition("In step", "good")


def _clock(moment: datetime, now: datetime) -> str:
    """Such as "14:05 UTC", with the day when it was another one."""
    shown = moment.astimezone(UTC)
    day = "" if shown.date() == now.astimezone(UTC).date() else f"{shown:%d %b} "
    return f"{day}{shown:%H:%M} UTC"


def health_of(connection: Connection) -> Health | None:
    """Its health, None when nothing was ever sent; without a query when it was selected along."""
    try:
        return connection.health
    except Health.DoesNotExist:
        return None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is open on one connection. `lag`: how long the oldest delivery that nothing holds back has waited."""

    by_state: list[tuple[Delivery.State, int]]
    lag: timedelta

    @property
    def open(self) -> int:
        return sum(number for _, number in self.by_state)

    @property
    def parked(self) -> int:
        return dict(self.by_state).get(Delivery.State.PARKED, 0)


def backlog(connection_id: int) -> Backlog:
    """One pass over the open deliveries of a connection; what is done is not read. Lag is what alerts are raised on."""
    found = {row.state: row for row in open_deliveries(connection_id)}
    return Backlog(
        [(state, found[state].number) for state in Delivery.OPEN if state in found],
        timedelta(seconds=max((row.lag for row in found.values()), default=0)),
    )


def oldest_stuck(connection_id: int) -> Delivery | None:
    """The delivery that has been parked or retried for longest, with its order and entry."""
    stuck = Delivery.objects.filter(
        connection=connection_id, state__in=(Delivery.State.PARKED, Delivery.State.RETRYING), behind=None
    )
    return stuck.select_related("order", "entry").defer("order__amounts").order_by("id").first()
