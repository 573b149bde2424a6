"""Many orders and what happens to them, in the background: the load of a chaos run, or a shop's past.

Everything goes through the functions of the buttons, so webhooks are sent and the faults in force apply. A seed
decides what is bought and what becomes of it; what differs from run to run is only when webhooks arrive.
"""

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import catalogue, changing, giving_back, history, shipping
from sandbox.kept_orders import NoSuchOrder
from sandbox.placing import Cart, Impossible, place
from sandbox.shops import Shop
from sandbox.store import Store

SKUS = [variant.sku for variant in catalogue.VARIANTS if variant.stock == catalogue.PLENTY]
# Something happens to an order at most so many orders after it was placed.
LATEST_TURN = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Shares are from 0 to 1; an order that is to be cancelled is not also shipped. ``per_second``: at most."""

    orders: int
    seed: int = 1
    lines: int | None = None
    protected: float = 0.3
    edits: float = 0.0
    cancels: float = 0.0
    refunds: float = 0.0
    fulfilments: float = 0.0
    address_changes: float = 0.0
    per_second: float | None = None
    quiet: bool = False


@dataclass(slots=True)
class _Plan:
    """What is to happen to one order, when its turn comes."""

    order_id: int
    happenings: list[str]


class Scenario:
    """One run at a time; ``progress`` can be asked at any moment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._counts: Counter[str] = Counter()
        self._state = "idle"
        self._problem = ""
        self._began = self._ended = 0.0

    def start(self, shop: Shop, wanted: Wanted) -> None:
        """Begin a run; raises Impossible while another is under way."""
        if self._thread is not None and self._thread.is_alive():
            raise Impossible("A scenario is running; stop it first")
        self._stopping.clear()
        self._counts = Counter()
        self._state, self._problem, self._began, self._ended = "running", "", time.monotonic(), 0.0
        self._thread = threading.Thread(target=self._run, args=(shop, wanted), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the run after what it is doing."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def progress(self) -> dict[str, Any]:
        """How far it is: counts by what happened; ``refused`` is what was no longer possible."""
        seconds = (self._ended or time.monotonic()) - self._began if self._began else 0.0
        done = {"state": self._state, "problem": self._problem, **dict(sorted(self._counts.items()))}
        return {**done, "orders": self._counts["orders"], "seconds": round(seconds, 3)}

    def _run(self, shop: Shop, wanted: Wanted) -> None:
        try:
            if wanted.quiet:
                self._write_history(shop, wanted)
            else:
                self._play(shop, wanted)
            self._state = "stopped" if self._stopping.is_set() else "done"
        except Exception as problem:  # noqa: BLE001 - whatever ended it is told to whoever asks for the progress
            self._state, self._problem = "failed", f"{type(problem).__name__}: {problem}"
        self._ended = time.monotonic()

    def _write_history(self, shop: Shop, wanted: Wanted) -> None:
        def told(done: int) -> bool:
            self._counts["orders"] = done
            return not self._stopping.is_set()

        asked = history.Wanted(wanted.orders, wanted.lines or 2, fulfilments=wanted.fulfilments, seed=wanted.seed)
        history.write(self._store, shop, asked, told)

    def _play(self, shop: Shop, wanted: Wanted) -> None:
        dice = random.Random(wanted.seed)
        due: list[tuple[int, int, _Plan]] = []
        began = time.monotonic()
        for turn in range(wanted.orders):
            if wanted.per_second:
                self._stopping.wait(max(0.0, began + turn / wanted.per_second - time.monotonic()))
            if self._stopping.is_set():
                return
            order_id = place(self._store, shop, _cart(dice, turn, wanted))["id"]
            self._counts["orders"] += 1
            happenings = _happenings(dice, wanted)
            if happenings:
                heapq.heappush(due, (turn + dice.randint(1, LATEST_TURN), turn, _Plan(order_id, happenings)))
            while due and due[0][0] <= turn:
                self._next(due, dice)
        while due and not self._stopping.is_set():
            self._next(due, dice)

    def _next(self, due: list[tuple[int, int, _Plan]], dice: random.Random) -> None:
        turn, number, plan = heapq.heappop(due)
        kind = plan.happenings.pop(0)
        try:
            HAPPENINGS[kind](self._store, plan.order_id, dice)
            self._counts[kind] += 1
        except (Impossible, NoSuchOrder):
            self._counts["refused"] += 1
        if plan.happenings:
            heapq.heappush(due, (turn + dice.randint(1, LATEST_TURN), number, plan))


def _cart(dice: random.Random, turn: int, wanted: Wanted) -> Cart:
    count = wanted.lines or dice.randint(1, 3)
    lines = tuple((dice.choice(SKUS), dice.randint(1, 3)) for _ in range(count))
    return Cart(protected=dice.random() < wanted.protected, lines=lines, turn=turn)


def _happenings(dice: random.Random, wanted: Wanted) -> list[str]:
    """In an order in which they are possible, as a rule: what is shipped can no longer be edited."""
    chosen = [name for name in HAPPENINGS if dice.random() < getattr(wanted, name)]
    return [name for name in chosen if name != "fulfilments" or "cancels" not in chosen]


def _move(store: Store, order_id: int, dice: random.Random) -> None:
    changing.change_address(store, order_id, {"address1": f"{dice.randint(1, 999)} New Wharf"})


def _edit(store: Store, order_id: int, dice: random.Random) -> None:
    changing.edit_lines(store, order_id, quantities={}, additions=[(dice.choice(SKUS), 1)])


def _ship(store: Store, order_id: int, dice: random.Random) -> None:
    shipping.fulfil(store, order_id)


def _pay_back(store: Store, order_id: int, dice: random.Random) -> None:
    giving_back.refund(store, order_id, restock=dice.random() < 0.5)


def _cancel(store: Store, order_id: int, dice: random.Random) -> None:
    giving_back.cancel(store, order_id)


HAPPENINGS: dict[str, Callable[[Store, int, random.Random], None]] = {
    "address_changes": _move,
    "edits": _edit,
    "fulfilments": _ship,
    "refunds": _pay_back,
    "cancels": _cancel,
}
