"""Things that go wrong at Shopify's side, switched on by hand: lost, doubled, late and forged webhooks, a failing API.

All choices come from one dice, which a seed makes repeatable.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

LATEST_SECONDS = 2.0
# What is answered when the API fails and no status was set.
USUAL_FAILURE = 503

SHARES = ("drop", "double", "reorder", "delay", "forge", "graphql_fail")
SECONDS = ("delay_seconds", "slow", "bulk_seconds")
FORGERIES = ("signature", "shop")
SWITCHES = ("throttle", "order_limit")
REFUND_STATES = ("success", "pending", "failure")


@dataclass(slots=True)
class Settings:
    """``drop``, ``double``, ``reorder``, ``delay`` and ``forge`` are shares of all deliveries, 0 to 1.

    ``delay_seconds`` and ``bulk_seconds`` (how long a bulk operation takes) run on the compressed clock, ``slow``
    (how long every API answer waits) on the real one. ``graphql_status`` alone fails every API request, with
    ``graphql_fail`` that share of them. ``bulk_fail_at`` ends bulk operations after so many root objects,
    ``bulk_cut_at`` every answer with a result after so many bytes.
    """

    drop: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    delay_seconds: float = 3_600.0
    forge: float = 0.0
    graphql_fail: float = 0.0
    job_seconds: float = 0.3
    graphql_status: int | None = None
    throttle: bool = False
    slow: float = 0.0
    # Points that come back each second: 100 on a Standard plan, 200 on Advanced, 1,000 on Plus, 2,000 on Enterprise.
    points_per_second: int = 100
    bulk_seconds: float = 1.0
    bulk_fail_at: int | None = None
    bulk_cut_at: int | None = None
    seed: int | None = None
    # What becomes of the money of refunds an app makes: success, pending or failure.
    refund_status: str = "success"
    # Whether orderCreate takes five orders a minute only, as on development stores.
    order_limit: bool = False


class Faults:
    """The settings in force and the dice."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.dice = random.Random()

    def set(self, *, reset: object = False, **wanted: Any) -> Settings:
        """Change what is given, keep the rest, or with ``reset`` the defaults; raises TypeError or ValueError.

        Values may be texts, as forms send them.
        """
        before = Settings() if _flag(reset) else self.settings
        now = {one.name: getattr(before, one.name) for one in fields(Settings)}
        self.settings = Settings(**{**now, **{name: _read(name, value) for name, value in wanted.items()}})
        if "seed" in wanted or _flag(reset):
            self.dice = random.Random(self.settings.seed)
        return self.settings

    def on(self) -> list[str]:
        """What differs from a healthy Shopify, for the page: ``drop 0.3``."""
        healthy = Settings()
        values = ((one.name, getattr(self.settings, one.name)) for one in fields(Settings) if one.name != "seed")
        return [f"{name} {value}" for name, value in values if value != getattr(healthy, name)]

    def fate(self, speed: float = 1.0) -> Iterator[float]:
        """After how many seconds a new delivery is sent: usually once and at once; twice; late; or never."""
        settings = self.settings
        if self.dice.random() < settings.drop:
            return
        late = settings.delay_seconds / speed if settings.delay and self.dice.random() < settings.delay else 0.0
        yield late + (self.dice.uniform(0.05, LATEST_SECONDS) if self.dice.random() < settings.reorder else 0.0)
        if self.dice.random() < settings.double:
            yield late + self.dice.uniform(0.0, LATEST_SECONDS)

    def forgery(self) -> str | None:
        """Whether somebody forges a delivery beside a true one, and what is wrong with it."""
        if not self.settings.forge or self.dice.random() >= self.settings.forge:
            return None
        return self.dice.choice(FORGERIES)

    def failure(self) -> int | None:
        """The status with which one API request fails, or None."""
        settings = self.settings
        if settings.graphql_fail:
            fails = self.dice.random() < settings.graphql_fail
            return (settings.graphql_status or USUAL_FAILURE) if fails else None
        return settings.graphql_status


def _read(name: str, value: Any) -> Any:
    if name in SWITCHES:
        return _flag(value)
    if name == "refund_status":
        if value not in REFUND_STATES:
            raise ValueError(f"refund_status must be one of {', '.join(REFUND_STATES)}")
        return value
    if name in SHARES or name in SECONDS:
        amount = float(value)
        if not 0 <= amount <= (1 if name in SHARES else 10**9):
            raise ValueError(f"{name} is out of its range")
        return amount
    number = None if value in (None, "") else int(value)
    if name == "points_per_second" and not 1 <= (number or 0) <= 100_000:
        raise ValueError("points_per_second is out of its range")
    if name == "graphql_status" and number is not None and not 400 <= number <= 599:
        raise ValueError("graphql_status must be an error")
    return number


def _flag(value: object) -> bool:
    return value.lower() in ("true", "on", "1", "yes") if isinstance(value, str) else bool(value)
