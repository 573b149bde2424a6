"""The phases that share an instance: a storm of faults, every failpoint, and kills of idle workers."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests import processes
from tests.chaos import faults
from tests.chaos.points import Points
from tests.chaos.scene import Scene

Say = Callable[[str], None]
JOURNEY_SECONDS = 2.0
PROGRESS_SECONDS = 15.0
SETTLING_SECONDS = 90.0  # kept back of the time there is
GENTLE = 25.0  # webhooks a second while failpoints are hit: enough to come by all of them
BELL_SECONDS = 30.0


def storm(
    scene: Scene, done: faults.Faults, n: int, rate: float, plan: Sequence[tuple[str, str]], stop_at: float, say: Say
) -> None:
    """`n` webhooks, with the plan's faults spread evenly over them."""
    load, customers = scene.load(n, rate), scene.customers(JOURNEY_SECONDS)
    load.start()
    customers.start()
    progress = _Progress(scene, "storm", say)
    for (kind, victim), after in zip(plan, faults.spread(len(plan), n), strict=True):
        while load.done < after and load.runs and time.monotonic() < stop_at - SETTLING_SECONDS:
            progress.tell(done)
            time.sleep(0.05)
        if time.monotonic() >= stop_at - SETTLING_SECONDS:
            say(f"The time is over: {sum(done.done.values())} of {len(plan)} faults done.")
            break
        done.do(kind, victim)
        faults.pause()
    while load.runs and time.monotonic() < stop_at - SETTLING_SECONDS:
        progress.tell(done)
        time.sleep(0.1)
    load.stop()
    scene.finish(customers)
    done.thaw()
    _settle(scene, "storm", say)


def through_the_failpoints(
    scene: Scene, names: Sequence[str], hits: int, rate: float, stop_at: float, say: Say
) -> Counter[str]:
    """Every failpoint `hits` times, under a gentle load that comes by all of them; returns the hits."""
    armed = Points(scene.points, names, hits, scene.seed)
    load, customers = (
        scene.load(1_000_000, min(rate, GENTLE)),
        [scene.customers(JOURNEY_SECONDS, turn) for turn in range(2)],
    )
    load.start()
    for customer in customers:
        customer.start()
    armed.start()
    progress = _Progress(scene, "failpoints", say)
    while armed.is_alive() and time.monotonic() < stop_at - SETTLING_SECONDS:
        progress.tell(armed.hits, f"; still: {', '.join(armed.missing[:6])}")
        time.sleep(0.1)
    armed.stop()
    load.stop()
    scene.finish(*customers)
    _settle(scene, "failpoints", say)
    return armed.hits


def idle_kills(scene: Scene, count: int, stop_at: float, say: Say) -> list[float]:
    """Kill a worker that has nothing to do, place an order; returns how long each event took to leave.

    This can hang django-q2 1.11.1 for good: the dead worker may hold the lock of the queue.
    """
    dice, seconds = random.Random(scene.seed), []
    for turn in range(count):
        if time.monotonic() > stop_at:
            say(f"The time is over: {turn} of {count} idle workers killed.")
            break
        left = scene.settle()
        if left:
            raise RuntimeError(f"Before idle kill {turn}: {left}")
        scene.backoffice.part("worker")
        processes.kill(dice.choice(scene.backoffice.parts("worker")))
        before = len(scene.partner.arrivals)
        scene.backoffice.place()
        seconds.append(
            processes.wait_until(lambda: len(scene.partner.arrivals) > before, 3 * BELL_SECONDS, "an event", every=0.02)  # noqa: B023
        )
    late = [second for second in seconds if second > BELL_SECONDS]
    say(f"idle: {len(seconds)} kills, {len(seconds) - len(late)} answered within {BELL_SECONDS:g} s:"
        f" {' '.join(f'{second:.1f}' for second in seconds)}")  # fmt: skip
    return seconds


def _settle(scene: Scene, name: str, say: Say) -> None:
    began = time.monotonic()
    left = scene.settle()
    say(f"{name}: settled {time.monotonic() - began:.1f} s after the load ended; left: {left or 'nothing'}")


class _Progress:
    """A line every quarter of a minute."""

    def __init__(self, scene: Scene, name: str, say: Say) -> None:
        self._scene = scene
        self._name = name
        self._say = say
        self._next = time.monotonic() + PROGRESS_SECONDS

    def tell(self, done: faults.Faults | Counter[str], more: str = "") -> None:
        if time.monotonic() < self._next:
            return
        self._next += PROGRESS_SECONDS
        count = sum((done.done if isinstance(done, faults.Faults) else done).values())
        webhooks, arrivals = len(self._scene.ledger.accepted), len(self._scene.partner.arrivals)
        seconds, waiting = time.monotonic() - self._scene.began, self._scene.watch.backlog
        self._say(f"{self._name} {seconds:4.0f} s: {webhooks} webhooks, {arrivals} arrivals, {count} faults,"
                  f" waiting {waiting}{more}")  # fmt: skip
