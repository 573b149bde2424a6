"""A shop whose messages are lost, doubled, an hour late and out of order; then one pass, and both must be the same.

What is compared is what a partner would see: all orders of the shop, one by one, against our REST API.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import requests

from tests import processes, running
from tests.chaos.checker import Violation
from tests.chaos.sameness import Order, differing
from tests.running import SHOP, Instance

Say = Callable[[str], None]

SPEED = 360.0  # an hour of the shop takes ten seconds
HAPPENINGS = {"edits": 0.2, "cancels": 0.1, "refunds": 0.2, "fulfilments": 0.5, "address_changes": 0.1}
FAULTS = {"drop": 0.05, "double": 0.05, "reorder": 0.2, "delay": 0.01, "delay_seconds": 3600.0}
NOTES, DELETED = 0.05, 0.01  # shares of the orders of which a note is written, or that are deleted, at last
POINTS_A_SECOND = 50_000  # nobody is to wait for a budget here
ORDERS_A_SECOND = 40
# The longest we wait: so long, and so long for each order.
PATIENCE_SECONDS, SECONDS_AN_ORDER = 300.0, 1.0
SHOWN = 20


class Stage(Protocol):
    """A shop and a back office that hears of it: a whole instance, or the parts of one."""

    url: str
    api_key: str
    session: requests.Session

    @property
    def directory(self) -> Path: ...
    def press(self, path: str, **fields: Any) -> dict[str, Any]: ...
    def look(self, path: str, **query: Any) -> dict[str, Any]: ...
    def manage(self, *arguments: str) -> str: ...
    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]: ...


@dataclass(slots=True)
class Figures:
    """What a run did. `seconds` is how long the one pass took."""

    orders: int = 0
    messages: int = 0
    dropped: int = 0
    doubled: int = 0
    late: int = 0
    looked_at: int = 0
    read: int = 0
    found: int = 0
    healed: int = 0
    failed: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.orders} orders, {self.messages} messages: {self.dropped} dropped, {self.doubled} doubled, "
            f"{self.late} an hour late; one pass: {self.looked_at} orders looked at, {self.read} read whole, "
            f"{self.found} differed, {self.healed} healed, {self.failed} failed, {self.seconds:.1f} s"
        )


def run(seed: int, orders: int, say: Say) -> list[Violation]:
    """The phase: an instance of its own, the play, and what is not the same afterwards."""
    with instance() as backoffice:
        figures, found = play(backoffice, seed, orders)
        say(f"heal: {figures}; fields that are not the same: {len(found)}")
        return [Violation("H", words) for words in shown(found)]


@contextmanager
def instance() -> Iterator[Instance]:
    """One on which nothing is compared but by us: the pass of the schedule would be the second."""
    with running.instance(sandbox_speed=SPEED, DRIFT_GRACE_SECONDS="0") as backoffice:
        ended = "SELECT count(DISTINCT kind) FROM integrations_syncrun WHERE kind IN ('reconcile', 'check')"
        ended += " AND state <> 'running'"
        processes.wait_until(lambda: backoffice.value(ended) == 2, 120, "the passes that begin with the worker")
        backoffice.execute(
            "DELETE FROM django_q_schedule WHERE name IN ('integrations.reconcile.begin_all', %s)",
            "integrations.proving.begin_all",
        )
        yield backoffice


def play(
    backoffice: Stage,
    seed: int,
    orders: int,
    faults: dict[str, float] = FAULTS,
    speed: float = SPEED,
    work: Callable[[], Any] = lambda: None,
) -> tuple[Figures, list[str]]:
    """The orders, the faults, the pass; returns figures and a sentence for each field that is not the same.

    `speed` is that of the stand-in's clock; `work` handles what has come, where no worker does.
    """

    def is_quiet() -> bool:
        work()
        return not _due(backoffice)

    patience = PATIENCE_SECONDS + orders * SECONDS_AN_ORDER
    began = backoffice.rows("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')")[0][0]
    backoffice.press("/sandbox/faults.json", **faults, seed=seed, points_per_second=POINTS_A_SECOND)
    backoffice.press("/sandbox/scenario.json", orders=orders, seed=seed, per_second=ORDERS_A_SECOND, **HAPPENINGS)
    processes.wait_until(lambda: _state(backoffice) != "running", patience, "the orders", every=0.2)
    assert _state(backoffice) == "done", backoffice.look("/sandbox/scenario.json")
    _last_changes(backoffice, seed)
    processes.wait_until(is_quiet, patience, "the inbox to be empty", every=0.2)

    started = time.monotonic()
    backoffice.manage("reconcile", "--shop", SHOP, "--since", began)
    figures = Figures(seconds=time.monotonic() - started)
    # What is late comes now, with news that is old by then.
    waiting = "the late messages to have come and gone"
    processes.wait_until(lambda: not _sending(backoffice) and is_quiet(), patience, waiting, every=0.2)
    backoffice.press("/sandbox/faults.json", reset=True)
    _count(backoffice, figures, faults["delay_seconds"] / speed)
    return figures, list(differing(at_the_shop(backoffice), in_our_api(backoffice)))


def shown(found: list[str]) -> list[str]:
    """The first few, and how many more there are."""
    return found[:SHOWN] + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])


def at_the_shop(backoffice: Stage) -> dict[int, Order]:
    """Every order of the shop as it shows it, one by one."""
    found: dict[int, Order] = {}
    after: int | None = 0
    while after is not None:
        page = backoffice.look("/sandbox/orders.json", after=after, limit=500, shop=SHOP)
        for order in page["orders"]:
            answer = backoffice.look(f"/sandbox/orders/{order['id']}.json")
            found[order["id"]] = answer["order"] | {"kept": answer["kept"]}
        after = page["next"]
    return found


def in_our_api(backoffice: Stage) -> dict[int, Order]:
    """Every order as partners read it, page by page."""
    found: dict[int, Order] = {}
    query: dict[str, Any] = {"limit": 200, "shop": SHOP}
    while True:
        answer = backoffice.session.get(
            f"{backoffice.url}/v1/orders", params=query, timeout=60,
            headers={"Authorization": f"Bearer {backoffice.api_key}"},
        )  # fmt: skip
        answer.raise_for_status()
        page = answer.json()
        found |= {int(order["remote_id"]): order for order in page["data"]}
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


def _last_changes(backoffice: Stage, seed: int) -> None:
    """What the scenario does not do: notes are written, orders are deleted."""
    dice = random.Random(seed)
    ids = [order["id"] for order in backoffice.look("/sandbox/orders.json", after=0, limit=10_000, shop=SHOP)["orders"]]
    for pk in dice.sample(ids, int(len(ids) * NOTES) + 1):
        backoffice.press(f"/sandbox/orders/{pk}/note.json", note=f"Note of {pk}", tags=["seen", f"t{pk % 7}"])
    for pk in dice.sample(ids, int(len(ids) * DELETED) + 1):
        backoffice.press(f"/sandbox/orders/{pk}/delete.json")


def _state(backoffice: Stage) -> str:
    return str(backoffice.look("/sandbox/scenario.json")["state"])


def _due(backoffice: Stage) -> int:
    return int(backoffice.rows("SELECT count(*) FROM integrations_inboundmessage WHERE due_at IS NOT NULL")[0][0])


def _sending(backoffice: Stage) -> int:
    counts: dict[str, int] = backoffice.look("/sandbox/deliveries.json", limit=1)["counts"]
    return counts.get("waiting", 0)


def _count(backoffice: Stage, figures: Figures, late: float) -> None:
    """Fill in the figures, from the stand-in's own file and the pass's row."""
    with closing(sqlite3.connect(backoffice.directory / "sandbox.sqlite3")) as file:
        figures.orders = file.execute("SELECT count(*) FROM orders").fetchone()[0]
        figures.messages, figures.dropped, figures.doubled, figures.late = file.execute(
            "SELECT count(*), sum(state = 'lost'), sum(state = 'delivered' AND tries > 1),"
            " sum(state = 'delivered' AND (julianday(answered_at) - julianday(triggered_at)) * 86400 >= ?)"
            " FROM deliveries",
            [late],
        ).fetchone()
    row = (
        "SELECT looked_at, COALESCE((facts ->> 'read')::int, 0), drift_found, healed, failed FROM integrations_syncrun"
    )
    figures.looked_at, figures.read, figures.found, figures.healed, figures.failed = backoffice.rows(
        f"{row} WHERE kind = 'reconcile' AND by = 'operator' ORDER BY id DESC LIMIT 1"
    )[0]
