"""Orders flow from shop to partner while parts of the back office are killed with SIGKILL, one after another.

Afterwards nothing is lost, nothing is there twice, nothing is out of order, and nobody had to help. Larger and other
runs: `N=1000 SEED=7 make chaos`, or the same names in the environment of this test. IDLE is how often an idle worker
is killed on its own, which can hang the whole queue (django-q2 1.11.1).
"""

import json
import os
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from tests import processes, running
from tests.processes import wait_until
from tests.running import Instance

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="Processes are found by /proc."),
]

ORDERS = int(os.environ.get("N", "200"))
SEED = int(os.environ.get("SEED", "1"))
IDLE = int(os.environ.get("IDLE", "1"))
ORDERS_A_SECOND = 12.5
RECOVERY_SECONDS = 60.0
BELL_SECONDS = 30.0

# Each is killed once, in an order that SEED decides; whoever is above it must bring it back.
VICTIMS = ("web worker", "web", "worker", "monitor", "pusher", "sentinel", "cluster", "supervisor")


class Customers(threading.Thread):
    """Places the orders at an even pace, and changes every second one a moment later."""

    def __init__(self, backoffice: Instance, dice: random.Random) -> None:
        super().__init__(daemon=True)
        self.placed: list[int] = []
        self.error: BaseException | None = None
        self._backoffice = backoffice
        self._dice = dice

    def run(self) -> None:
        try:
            began = time.monotonic()
            for turn in range(ORDERS):
                time.sleep(max(0.0, began + turn / ORDERS_A_SECOND - time.monotonic()))
                self.placed.append(self._backoffice.place(protected=self._dice.random() < 0.5))
                if turn % 2:
                    self._change(self._dice.choice(self.placed[-20:]))
        except BaseException as error:  # noqa: BLE001 told to the test, which runs in another thread
            self.error = error

    def _change(self, order: int) -> None:
        button = self._dice.choice(["note", "address", "fulfil"])
        fields = {"note": {"note": f"Please ring {self._dice.randrange(1000)}"}}.get(button, {})
        # An order that is fulfilled already refuses to be again: fine, it is only here to cause events.
        self._backoffice.session.post(
            f"{self._backoffice.sandbox_url}/sandbox/orders/{order}/{button}.json", json=fields, timeout=30
        )


@pytest.fixture(scope="module")
def backoffice() -> Iterator[Instance]:
    with running.instance() as started:
        yield started


def test_nothing_is_lost_when_processes_are_killed(backoffice: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(SEED)
    victims = dice.sample(VICTIMS, len(VICTIMS))
    customers = Customers(backoffice, random.Random(SEED))
    customers.start()
    for turn, victim in enumerate(victims, start=1):
        due = ORDERS * turn // (len(victims) + 1)
        wait_until(lambda: len(customers.placed) >= due or customers.error, 60, f"{due} orders")  # noqa: B023
        backoffice.part(victim)
        processes.kill(dice.choice(backoffice.parts(victim)))
    killed_at = time.monotonic()
    customers.join(ORDERS / ORDERS_A_SECOND + 60)
    assert customers.error is None
    try:
        wait_until(lambda: is_settled(backoffice), RECOVERY_SECONDS, "everything sent and nothing left open")
    except TimeoutError:
        pytest.fail(f"{what_is_open(backoffice)}\n{backoffice.log('worker')}")
    seconds = time.monotonic() - killed_at

    assert_orders_are_here_once(backoffice, customers.placed)
    repeats = assert_partner_was_told_once_and_in_order(backoffice, customers.placed)
    states = dict(backoffice.rows("SELECT state, count(*) FROM integrations_inboundmessage GROUP BY state"))
    assert set(states) <= {"handled", "ignored"}, states
    with capsys.disabled():
        print(
            f"\nkilled {', '.join(victims)} while {ORDERS} orders came (SEED={SEED}): nothing lost, settled "
            f"{seconds:.1f} s after the last kill; {sum(states.values())} webhooks stored, "
            f"{sum(repeats.values())} events sent again, {max(repeats.values(), default=0)} times at the most"
        )


def test_a_bell_is_answered_after_an_idle_worker_was_killed(
    backoffice: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, seconds = random.Random(SEED), []
    for _ in range(IDLE):
        wait_until(lambda: is_settled(backoffice), RECOVERY_SECONDS, "a quiet moment")
        backoffice.part("worker")
        processes.kill(dice.choice(backoffice.parts("worker")))
        order = backoffice.place()
        told = "SELECT count(*) FROM integrations_delivery d JOIN orders_order o ON o.id = d.order_id "
        told += "WHERE o.remote_id = %s AND d.state = 'delivered'"
        seconds.append(wait_until(lambda: backoffice.value(told, order), BELL_SECONDS, "an answer to the bell"))  # noqa: B023
    with capsys.disabled():
        print(f"\nidle worker killed {IDLE} times; seconds to the next event: {' '.join(f'{s:.1f}' for s in seconds)}")


# --- what must be true afterwards ---------------------------------------------------------------------------------------

OPEN = {
    "webhooks the shop still has to send": None,
    "messages to handle": "SELECT count(*) FROM integrations_inboundmessage WHERE due_at IS NOT NULL",
    "deliveries open": "SELECT count(*) FROM integrations_delivery WHERE state <> 'delivered'",
    "leases held": "SELECT count(*) FROM integrations_delivery WHERE lease_until IS NOT NULL",
    "drains at work": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "heartbeats stale": "SELECT count(*) FROM integrations_heartbeat WHERE beat_at < now() - interval '10 s'",
}


def what_is_open(backoffice: Instance) -> dict[str, int]:
    """What is not finished yet, by name."""
    counts = {name: backoffice.value(sql) for name, sql in OPEN.items() if sql}
    counts["webhooks the shop still has to send"] = backoffice.look("/sandbox/deliveries.json")["counts"].get("waiting", 0)
    return {name: count for name, count in counts.items() if count}


def is_settled(backoffice: Instance) -> bool:
    return not what_is_open(backoffice)


def assert_orders_are_here_once(backoffice: Instance, placed: list[int]) -> None:
    """Every order of the shop is in our table, once, and no other."""
    here = Counter(row[0] for row in backoffice.rows("SELECT remote_id FROM orders_order"))
    assert set(here) == set(placed)
    assert set(here.values()) == {1}
    assert set(backoffice.look("/sandbox/deliveries.json")["counts"]) == {"delivered"}


def assert_partner_was_told_once_and_in_order(backoffice: Instance, placed: list[int]) -> Counter[str]:
    """Every entry reached the partner as one event, in order per order; returns how often each was repeated."""
    bodies: dict[str, set[str]] = defaultdict(set)
    arrivals: Counter[str] = Counter()
    last: dict[str, int] = defaultdict(int)
    created = []
    for message in backoffice.look("/sink/demo.json", limit=10_000)["messages"]:
        name, event = message["headers"]["webhook-id"], json.loads(message["body"])
        assert message["verified"] == "true"
        assert message["status"] == 200
        assert event["id"] == name
        bodies[name].add(message["body"])
        arrivals[name] += 1
        if arrivals[name] > 1:
            continue  # a repeat, under the same id: the partner knows it by that
        assert event["sequence"] > last[event["order"]["id"]], f"{name} came after a later event of its order"
        last[event["order"]["id"]] = event["sequence"]
        if event["type"] == "order.created":
            created.append(int(event["order"]["remote_id"]))
    assert {len(variants) for variants in bodies.values()} == {1}
    assert sorted(created) == sorted(placed)
    journal = {row[0] for row in backoffice.rows("SELECT public_id FROM orders_journalentry")}
    assert set(bodies) == journal
    return Counter({name: count - 1 for name, count in arrivals.items() if count > 1})
