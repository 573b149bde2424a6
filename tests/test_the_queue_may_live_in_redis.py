"""QUEUE=redis://… (or sqs://…): scheduled tasks travel through it, bells stay quick, and its death delays no order."""

import signal
import sys
import time
from collections.abc import Iterator

import pytest

from tests import processes, running
from tests.carriers import Carrier, carrier, where_libraries_lie
from tests.processes import wait_until
from tests.running import Instance

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="Processes are found by /proc."),
]

SCHEDULER_SECONDS = 30.0  # django-q2 looks at its schedules this often
SOON = 2.0  # seconds from order to partner, with room for a busy machine
RECOVERY_SECONDS = 40.0  # a hung cluster is noticed after some 20 s


@pytest.fixture(scope="module", params=["redis", "sqs"])
def queue(request: pytest.FixtureRequest) -> Iterator[Carrier]:
    with carrier(request.param) as started:
        yield started


@pytest.fixture(scope="module")
def backoffice(queue: Carrier) -> Iterator[Instance]:
    with running.instance(**queue.environment, **where_libraries_lie()) as started:
        yield started


def schedule(backoffice: Instance, name: str) -> None:
    """One task, due now, whose result is kept."""
    backoffice.execute(
        "INSERT INTO django_q_schedule (name, func, schedule_type, repeats, next_run, kwargs)"
        " VALUES (%s, 'integrations.worker.beat', 'O', -1, now(), %s)",
        name,
        f"{{'q_options': {{'save': True, 'task_name': '{name}'}}}}",
    )


def has_run(backoffice: Instance, name: str) -> int:
    return int(backoffice.value("SELECT count(*) FROM django_q_task WHERE success AND name = %s", name))


def seconds_to_partner(backoffice: Instance, within: float) -> float:
    began = time.monotonic()
    order = backoffice.place()
    told = (
        "SELECT count(*) FROM integrations_delivery d JOIN orders_order o ON o.id = d.order_id"
        " WHERE o.remote_id = %s AND d.state = 'delivered'"
    )
    wait_until(lambda: backoffice.value(told, order), within, "the partner to be told")
    return time.monotonic() - began


def test_an_order_reaches_the_partner_at_once(backoffice: Instance) -> None:
    seconds_to_partner(backoffice, 30)  # whoever just started may need a moment
    assert max(seconds_to_partner(backoffice, 30) for _ in range(5)) < SOON


def test_a_scheduled_task_runs_and_the_table_never_carried_one(backoffice: Instance) -> None:
    schedule(backoffice, "by-the-clock")
    wait_until(lambda: has_run(backoffice, "by-the-clock"), SCHEDULER_SECONDS + 25, "the scheduled task")
    assert not backoffice.value("SELECT is_called FROM django_q_ormq_id_seq")


def test_a_queue_that_is_down_delays_no_order_and_is_used_again_when_it_is_back(
    backoffice: Instance, queue: Carrier
) -> None:
    queue.kill()
    try:
        assert max(seconds_to_partner(backoffice, 30) for _ in range(5)) < SOON
        schedule(backoffice, "while-it-was-down")
        pause = SCHEDULER_SECONDS + 5
        with pytest.raises(TimeoutError):
            wait_until(lambda: has_run(backoffice, "while-it-was-down"), pause, "what cannot be")
        assert seconds_to_partner(backoffice, 30) < SOON
        assert "The queue does not answer" in backoffice.log("worker")
    finally:
        queue.start()
    wait_until(lambda: has_run(backoffice, "while-it-was-down"), 2 * SCHEDULER_SECONDS + 10, "the scheduled task")
    assert backoffice.value("SELECT count(*) FROM django_q_task WHERE name = 'while-it-was-down'") == 1


def test_a_bell_is_answered_after_the_idle_workers_were_killed(backoffice: Instance) -> None:
    backoffice.part("worker")
    processes.signal_all(backoffice.parts("worker"), signal.SIGKILL)  # one of them holds the lock of the tasks' pipe
    seconds_to_partner(backoffice, RECOVERY_SECONDS)


def test_a_start_does_not_need_the_queue(backoffice: Instance, queue: Carrier) -> None:
    queue.kill()
    try:
        processes.kill(backoffice.part("supervisor"))
        seconds_to_partner(backoffice, RECOVERY_SECONDS)
    finally:
        queue.start()
