"""Orders flow from shop to partner while parts of the back office are killed with SIGKILL, one after another.

Afterwards nothing is lost, nothing is there twice, nothing is out of order, and nobody had to help. N (orders), SEED
(who is killed when, and what customers do) and IDLE (how often an idle worker is killed on its own, which can hang the
whole queue of django-q2 1.11.1) in the environment make other runs; `make chaos` breaks far more (docs/chaos.md).
"""

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests import processes, running
from tests.processes import wait_until
from tests.running import Instance
from tests.told import told_once_and_in_order

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="Processes are found by /proc."),
]

ORDERS = int(os.environ.get("N", "200"))
SEED = int(os.environ.get("SEED", "1"))
IDLE = int(os.environ.get("IDLE", "1"))
ORDERS_A_SECOND = 12.5
PLACING_SECONDS = ORDERS / ORDERS_A_SECOND
# Leases of what a killed process held run out after 20 to 25 s; a large run also leaves a backlog of webhooks.
RECOVERY_SECONDS = max(180.0, PLACING_SECONDS)
BELL_SECONDS = 30.0

# Each is killed once, in an order that SEED decides; whoever is above it must bring it back.
VICTIMS = ("web worker", "web", "worker", "monitor", "pusher", "sentinel", "cluster", "supervisor")


class Customers(threading.Thread):
    """Places the orders at an even pace; every second time one of the last twenty is changed as well."""

    def __init__(self, backoffice: Instance) -> None:
        super().__init__(daemon=True)
        self.placed: list[int] = []
        self.error: Exception | None = None
        self._backoffice = backoffice
        self._dice = random.Random(SEED)

    def run(self) -> None:
        began = time.monotonic()
        try:
            for turn in range(ORDERS):
                time.sleep(max(0.0, began + turn / ORDERS_A_SECOND - time.monotonic()))
                self.placed.append(self._backoffice.place(protected=self._dice.random() < 0.5))
                if turn % 2:
                    self._change(self._dice.choice(self.placed[-20:]))
        except Exception as error:  # noqa: BLE001 the test, in another thread, is told
            self.error = error

    def _change(self, order: int) -> None:
        button = self._dice.choice(["note", "address", "fulfil"])
        fields = {"note": f"Please ring {self._dice.randrange(1000)}"} if button == "note" else {}
        # A parcel that left refuses a second fulfilment: fine, it is only here to make events.
        url = f"{self._backoffice.sandbox_url}/sandbox/orders/{order}/{button}.json"
        self._backoffice.session.post(url, json=fields, timeout=30)


@pytest.fixture(scope="module")
def backoffice() -> Iterator[Instance]:
    with running.instance() as started:
        # The budget of a standard shop would be what is measured here: this is about what is lost.
        started.press("/sandbox/faults.json", points_per_second=5_000)
        yield started


def test_nothing_is_lost_when_processes_are_killed(backoffice: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(SEED)
    victims = dice.sample(VICTIMS, len(VICTIMS))
    customers = Customers(backoffice)
    customers.start()
    for turn, victim in enumerate(victims, start=1):
        wait_for_orders(customers, ORDERS * turn // (len(victims) + 1))
        backoffice.part(victim)
        processes.kill(dice.choice(backoffice.parts(victim)))
    killed_at = time.monotonic()
    wait_for_orders(customers, ORDERS)
    wait_until_settled(backoffice)
    seconds = time.monotonic() - killed_at

    customers.join()
    assert_orders_are_here_once(backoffice, customers.placed)
    repeats = told_once_and_in_order(backoffice, customers.placed)
    states = dict(backoffice.rows("SELECT state, count(*) FROM integrations_inboundmessage GROUP BY state"))
    assert set(states) <= {"handled", "ignored"}, states
    with capsys.disabled():
        print(
            f"\nSEED={SEED}: killed {', '.join(victims)} while {ORDERS} orders came. Nothing lost; all settled"
            f" {seconds:.1f} s after the last kill. {sum(states.values())} webhooks stored; events sent again:"
            f" {sum(repeats.values())}, each {max(repeats.values(), default=0)} times at the most."
        )


def test_a_bell_is_answered_soon_after_an_idle_worker_was_killed(
    backoffice: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, seconds = random.Random(SEED), []
    for _ in range(IDLE):
        wait_until_settled(backoffice)
        backoffice.part("worker")
        processes.kill(dice.choice(backoffice.parts("worker")))
        order = backoffice.place()
        seconds.append(wait_until(lambda: is_told(backoffice, order), BELL_SECONDS, "an answer to the bell"))  # noqa: B023
    with capsys.disabled():
        took = " ".join(f"{second:.1f}" for second in seconds)
        print(f"\nSEED={SEED}: killed an idle worker {IDLE} times; seconds until the next event left: {took}")


# --- what we wait for -------------------------------------------------------------------------------------------------

OPEN = {
    "messages to handle": "SELECT count(*) FROM integrations_inboundmessage WHERE due_at IS NOT NULL",
    "deliveries open": "SELECT count(*) FROM integrations_delivery WHERE state <> 'delivered'",
    "leases held": "SELECT count(*) FROM integrations_delivery WHERE lease_until IS NOT NULL",
    "drains at work": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "heartbeats stale": "SELECT count(*) FROM integrations_heartbeat WHERE beat_at < now() - interval '10 s'",
}


def wait_for_orders(customers: Customers, count: int) -> None:
    enough = PLACING_SECONDS + 60
    wait_until(lambda: len(customers.placed) >= count or customers.error, enough, f"{count} orders placed")
    assert customers.error is None


def wait_until_settled(backoffice: Instance) -> None:
    """Until nothing is left to do and a worker lives; else fail and say what is open."""
    try:
        wait_until(lambda: not what_is_open(backoffice), RECOVERY_SECONDS, "nothing left to do")
    except TimeoutError:
        still = f"{what_is_open(backoffice)}\n{waiting(backoffice)}"
        pytest.fail(f"After {RECOVERY_SECONDS:g} s: {still}\n{backoffice.log('worker')}")


def waiting(backoffice: Instance) -> list[tuple[Any, ...]]:
    """The messages that are left, by topic, tries and when they are due."""
    return backoffice.rows(
        "SELECT topic, attempts, min(due_at), max(due_at), count(*), min(result) FROM integrations_inboundmessage"
        " WHERE due_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )


def what_is_open(backoffice: Instance) -> dict[str, int]:
    """What is not finished yet, by name."""
    counts = {name: backoffice.value(sql) for name, sql in OPEN.items()}
    counts["webhooks the shop has still to send"] = deliveries_of_the_shop(backoffice).get("waiting", 0)
    return {name: count for name, count in counts.items() if count}


def deliveries_of_the_shop(backoffice: Instance) -> dict[str, int]:
    counts: dict[str, int] = backoffice.look("/sandbox/deliveries.json")["counts"]
    return counts


def is_told(backoffice: Instance, order: int) -> Any:
    """How many events of this order the partner has taken."""
    return backoffice.value(
        "SELECT count(*) FROM integrations_delivery d JOIN orders_order o ON o.id = d.order_id"
        " WHERE o.remote_id = %s AND d.state = 'delivered'",
        order,
    )


# --- what must be true afterwards -------------------------------------------------------------------------------------


def assert_orders_are_here_once(backoffice: Instance, placed: list[int]) -> None:
    """Every order of the shop is in our table, once, and no other; every webhook was accepted in the end."""
    here = Counter(row[0] for row in backoffice.rows("SELECT remote_id FROM orders_order"))
    assert here == Counter(placed)
    assert set(deliveries_of_the_shop(backoffice)) == {"delivered"}
