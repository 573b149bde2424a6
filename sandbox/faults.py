"""Things that go wrong at Shopify's side, switched on by hand: lost, doubled and late webhooks, a failing API."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields

LATEST_SECONDS = 2.0


@dataclass(slots=True)
class Settings:
    """``drop``, ``double`` and ``reorder`` are shares of all deliveries, 0 to 1; a seed makes the choice repeatable."""

    drop: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    bulk_seconds: float = 1.0
    bulk_fail_at: int | None = None
    graphql_status: int | None = None
    throttle: bool = False
    seed: int | None = None


class Faults:
    """The settings in force and the dice."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.dice = random.Random()

    def set(self, **wanted: object) -> Settings:
        """Change what is given, keep the rest; raises TypeError or ValueError for what makes no sense."""
        now = {one.name: getattr(self.settings, one.name) for one in fields(Settings)}
        new = Settings(**{**now, **wanted})
        new.drop, new.double, new.reorder = float(new.drop), float(new.double), float(new.reorder)
        if new.graphql_status is not None and not 400 <= int(new.graphql_status) <= 599:
            raise ValueError("graphql_status must be an error")
        self.settings = new
        if "seed" in wanted:
            self.dice = random.Random(self.settings.seed)
        return self.settings

    def fate(self) -> Iterator[float]:
        """After how many seconds a new delivery is sent: usually once and at once; twice; late; or never."""
        settings = self.settings
        if self.dice.random() < settings.drop:
            return
        yield self.dice.uniform(0.05, LATEST_SECONDS) if self.dice.random() < settings.reorder else 0.0
        if self.dice.random() < settings.double:
            yield self.dice.uniform(0.0, LATEST_SECONDS)
