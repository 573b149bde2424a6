"""Asking a shop much without taking the budget from live work: a part of the bucket is always left, throttling is
waited for.

Every answer says how many points the bucket holds, how many are left and how fast they come back; what a query costs
is known after it was asked once. https://shopify.dev/docs/api/usage/limits
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings

from integrations.errors import RetryLater
from integrations.models import Connection
from integrations.shopify.client import Shopify
from integrations.transport import Answer

UNKNOWN_COST = 100.0  # of a query that was not asked yet; a whole order's first query costs 80


@dataclass(slots=True)
class Bucket:
    """A store's points: how many there were at `at` (time.monotonic), how many there can be, how many come a second."""

    available: float
    maximum: float
    restored: float
    at: float

    def wait(self, cost: float, left: float, now: float) -> float:
        """Seconds until a query of `cost` leaves the share `left` (0 to 1) of the bucket; 0.0 when it may go now."""
        there = min(self.maximum, self.available + (now - self.at) * self.restored)
        needed = min(self.maximum, cost + left * self.maximum)
        return max(0.0, (needed - there) / self.restored)


class Paced(Shopify):
    """The API for long work. Waits within a call, for `patience` seconds at the most over its life.

    `shop_time` is the shop's clock at its last answer, None before it.
    """

    def __init__(self, connection: Connection, *, patience: float) -> None:
        super().__init__(connection)
        self.left: float = settings.LEAVE_TO_LIVE_WORK
        self.patience = patience
        self.waited = 0.0
        self.shop_time: datetime | None = None
        self._bucket: Bucket | None = None
        self._costs: dict[str, float] = {}
        self._asked = ""

    def run_partly(
        self, document: str, variables: dict[str, Any], *, optional: Collection[str]
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """As `Shopify.run_partly`; RetryLater for throttling only when patience has run out."""
        self._asked = document
        while True:
            if self._bucket is not None:
                cost = self._costs.get(document, UNKNOWN_COST)
                self._wait(self._bucket.wait(cost, self.left, time.monotonic()))
            try:
                return super().run_partly(document, variables, optional=optional)
            except RetryLater as error:
                if error.after is None:
                    raise
                self._wait(error.after, because=error)

    def heard(self, answer: Answer, payload: dict[str, Any]) -> None:
        """Keep the cost, what is left, and the time."""
        self.shop_time = _date(answer) or self.shop_time
        cost = (payload.get("extensions") or {}).get("cost") or {}
        bucket = cost.get("throttleStatus") or {}
        if requested := cost.get("requestedQueryCost"):
            self._costs[self._asked] = float(requested)
        if bucket.get("maximumAvailable") and bucket.get("restoreRate"):
            self._bucket = Bucket(
                float(bucket.get("currentlyAvailable") or 0), float(bucket["maximumAvailable"]),
                float(bucket["restoreRate"]), time.monotonic(),
            )  # fmt: skip

    def _wait(self, seconds: float, because: RetryLater | None = None) -> None:
        if seconds > self.patience:
            raise because or RetryLater("The rest of the store's budget is left to live work.", after=seconds)
        if seconds > 0:
            time.sleep(seconds)
            self.patience -= seconds
            self.waited += seconds


def _date(answer: Answer) -> datetime | None:
    """When the answer was sent, by the clock of who sent it; None when it does not say."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
