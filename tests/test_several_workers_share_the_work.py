"""Two workers, as on two hosts, on one database: killing one's whole family costs nothing and doubles nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests import processes, running
from tests.processes import PYTHON, ROOT, wait_until
from tests.running import Instance
from tests.told import told_once_and_in_order

pytestmark = [
    pytest.mark.slow,
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="Processes are found by /proc."),
]

ORDERS = 40
SETTLED_SECONDS = 90.0  # leases of what a killed process held run out after 20 to 60 s


class Second:
    """Another `manage.py worker` of the same installation, started as an operator would on another host."""

    def __init__(self, backoffice: Instance, **environment: str) -> None:
        self.log = backoffice.directory / f"second-{environment.get('WORKER_NAME', 'unnamed')}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [PYTHON, "manage.py", "worker"], cwd=ROOT, env=backoffice.environment | environment,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """All its processes at the same moment, as when a host loses its power."""
        processes.signal_all(processes.family(self.process.pid), signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """As an operator does; running drains finish."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@pytest.fixture(scope="module")
def backoffice() -> Iterator[Instance]:
    with running.instance(WORKER_NAME="first") as started:
        yield started


@pytest.fixture
def second(backoffice: Instance) -> Iterator[Second]:
    backoffice.execute("DELETE FROM integrations_heartbeat WHERE host = 'second'")  # one that was killed beat just now
    started = Second(backoffice, WORKER_NAME="second")
    try:
        wait_until(lambda: fresh(backoffice) >= {"first", "second"}, 40, "both to beat")
        yield started
    finally:
        started.stop()


def fresh(backoffice: Instance) -> set[str]:
    """Workers that ran a task within the last ten seconds."""
    rows = backoffice.rows("SELECT host FROM integrations_heartbeat WHERE beat_at > now() - interval '10 s'")
    return {row[0] for row in rows}


def ready(backoffice: Instance) -> dict[str, Any]:
    return dict(backoffice.session.get(f"{backoffice.url}/readyz", timeout=10).json())


def wait_until_told(backoffice: Instance, placed: list[int], within: float = SETTLED_SECONDS) -> float:
    """Until every order is here, every webhook handled and every event delivered."""
    undone = (
        "SELECT (SELECT count(*) FROM integrations_delivery WHERE state <> 'delivered')"
        " + (SELECT count(*) FROM integrations_inboundmessage WHERE due_at IS NOT NULL)"
    )
    here = "SELECT count(*) FROM orders_order"
    return wait_until(
        lambda: backoffice.value(here) >= len(placed) and not backoffice.value(undone), within, "all done"
    )


def assert_told_once_and_in_order(backoffice: Instance, placed: list[int]) -> None:
    """Only what was on its way when its sender died may come again; the endpoint takes 16 at a time."""
    assert len(told_once_and_in_order(backoffice, placed)) <= 16
    assert sorted(row[0] for row in backoffice.rows("SELECT remote_id FROM orders_order")) == sorted(placed)


placed: list[int] = []


def test_each_worker_beats_under_its_own_name(backoffice: Instance, second: Second) -> None:
    assert fresh(backoffice) == {"first", "second"}
    assert ready(backoffice)["checks"]["worker"] == "ok"


def test_one_of_two_is_lost_with_all_its_processes_while_orders_come(backoffice: Instance, second: Second) -> None:
    for turn in range(ORDERS):
        if turn == ORDERS // 2:
            second.kill()
        placed.append(backoffice.place())
    wait_until_told(backoffice, placed)
    assert_told_once_and_in_order(backoffice, placed)
    wait_until(lambda: fresh(backoffice) == {"first"}, 20, "the second to be silent")
    assert ready(backoffice)["checks"]["worker"] == "ok"


def test_the_second_carries_on_alone_while_the_first_stands_still(backoffice: Instance, second: Second) -> None:
    with backoffice.worker_suspended():
        before = len(placed)
        placed.extend(backoffice.place() for _ in range(5))
        wait_until_told(backoffice, placed)
        assert len(placed) == before + 5
        wait_until(lambda: fresh(backoffice) == {"second"}, 20, "the first to be silent")
        assert ready(backoffice)["checks"]["worker"] == "ok"
    assert_told_once_and_in_order(backoffice, placed)


def test_a_worker_is_stopped_by_its_host_without_losing_anything(backoffice: Instance, second: Second) -> None:
    placed.extend(backoffice.place() for _ in range(5))
    second.stop()
    assert second.process.returncode == 0
    wait_until_told(backoffice, placed)
    assert_told_once_and_in_order(backoffice, placed)


def test_a_second_worker_on_the_same_host_needs_no_name(backoffice: Instance) -> None:
    unnamed = Second(backoffice)
    try:
        wait_until(lambda: "first-2" in fresh(backoffice), 40, "a name of its own")
        [cluster] = processes.children(unnamed.process.pid)
        os.killpg(cluster, signal.SIGSTOP)
        wait_until(lambda: cluster not in processes.children(unnamed.process.pid), 60, "its hung cluster replaced")
        wait_until(lambda: "first-2" in fresh(backoffice), 40, "it to beat again")
    finally:
        unnamed.stop()
    assert "Replacing the cluster" in unnamed.log.read_text()
