"""`make chaos`: storm, failpoints, idle workers, a full disk, a wrong clock, a shop whose messages are lost; then one
report. Exit 1 on any violation.

N webhooks (3000), KILLS (60), HITS of each failpoint (1), IDLE kills of an idle worker (3), ORDERS of the shop whose
messages are lost (2000), MINUTES the phases before that one may last at the most (8), RATE of webhooks a second at the
most (90), SEED (new each time; one seed plans the same faults), ONLY some phases.
"""

import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from backoffice import failpoints
from tests.chaos import clock, disk, faults, healing, points, scene
from tests.chaos.checker import Violation, check, repeats
from tests.chaos.scene import Scene
from tests.chaos.storm import idle_kills, storm, through_the_failpoints

PHASES = ("storm", "points", "idle", "disk", "clock", "heal")
STANDSTILL_SECONDS = 30.0
# What later phases need of the time there is; an earlier one ends early rather than take it from them.
NEEDED = {"points": 120.0, "idle": 20.0, "disk": 45.0, "clock": 75.0}


@dataclass(frozen=True)
class Options:
    """What the environment asked for."""

    n: int
    kills: int
    hits: int
    idle: int
    minutes: float
    rate: float
    seed: int
    only: tuple[str, ...]
    orders: int

    @classmethod
    def read(cls) -> "Options":
        def number(name: str, usual: float) -> float:
            return float(os.environ.get(name) or usual)

        only = tuple(os.environ.get("ONLY", ",".join(PHASES)).split(","))
        if unknown := set(only) - set(PHASES):
            raise SystemExit(f"ONLY: {', '.join(sorted(unknown))} is none of {', '.join(PHASES)}")
        return cls(
            n=int(number("N", 3000)), kills=int(number("KILLS", 60)), hits=int(number("HITS", 1)),
            idle=int(number("IDLE", 3)), minutes=number("MINUTES", 8), rate=number("RATE", 90),
            seed=int(number("SEED", random.randrange(1_000_000))), only=only, orders=int(number("ORDERS", 2000)),
        )  # fmt: skip


def main() -> int:
    """Returns the exit status."""
    chosen, began = Options.read(), time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the instance ends with us
    stop_at = began + chosen.minutes * 60 - needed(chosen, "disk", "clock")
    say(f"SEED={chosen.seed} N={chosen.n} KILLS={chosen.kills} HITS={chosen.hits} IDLE={chosen.idle}"
        f" ORDERS={chosen.orders} MINUTES={chosen.minutes:g} ONLY={','.join(chosen.only)}")  # fmt: skip
    violations: list[Violation] = []
    # Not below the instance's directory: it must outlive it, and a killed process must find it.
    with tempfile.TemporaryDirectory(prefix="failpoints-") as folder:
        if {"storm", "points", "idle"} & set(chosen.only):
            with scene.staged(chosen.seed, Path(folder)) as stage:
                violations += play(stage, chosen, stop_at)
        for name, phase in (("disk", disk.run), ("clock", clock.run)):
            if name in chosen.only:
                violations += phase(chosen.seed, say)
        if "heal" in chosen.only:
            violations += healing.run(chosen.seed, chosen.orders, say)
    say(f"\nSEED={chosen.seed}  {time.monotonic() - began:.0f} s in all")
    for violation in violations:
        say(f"  VIOLATED {violation.letter}  {violation.words}")
    say(
        "Nothing lost, nothing doubled, all in order, all signed, nothing left over." if not violations else "NOT KEPT."
    )
    return 1 if violations else 0


def play(stage: Scene, chosen: Options, stop_at: float) -> list[Violation]:
    """The phases that share one instance, and their report."""
    done, hits, seconds = faults.Faults(stage.backoffice, chosen.seed), None, [0.0]
    plan = faults.plan(chosen.seed, chosen.kills, *others(chosen.kills))
    if "storm" in chosen.only:
        with stage.watch.phase("storm"):
            storm(stage, done, chosen.n, chosen.rate, plan, stop_at - needed(chosen, "points", "idle"), say)
    if "points" in chosen.only:
        with stage.watch.phase("points"):
            names = [
                name for name in failpoints.names() if not name.startswith("history.")
            ]  # no history is loaded here
            hits = through_the_failpoints(stage, names, chosen.hits, chosen.rate, stop_at, say)
    if "idle" in chosen.only:
        with stage.watch.phase("idle"):
            seconds = idle_kills(stage, chosen.idle, stop_at, say)
    left = stage.settle()
    stage.watch.finish()
    violations = check(stage.history(left))
    report(stage, done, seconds)
    if hits is not None:
        say(f"Failpoints, times a process ended there ({sum(hits.values())} in all):\n{points.table(hits)}")
        if few := [name for name, count in hits.items() if count < chosen.hits]:
            violations.append(Violation("F", f"hit fewer than {chosen.hits} times: {', '.join(sorted(few))}"))
    for name, standstill in stage.watch.standstills([arrival.at for arrival in stage.partner.arrivals]).items():
        say(f"Longest standstill, {name}: {standstill:.1f} s")
        # Failpoints end what sends faster than leases run out; how long that takes is no promise.
        if standstill > STANDSTILL_SECONDS and name != "points":
            violations.append(Violation("T", f"{name}: stood still for {standstill:.0f} s"))
    if violations:
        stage.keep_evidence(say)
    return violations


def needed(chosen: Options, *phases: str) -> float:
    """Seconds that those of the phases need that were asked for."""
    return sum(NEEDED[phase] for phase in phases if phase in chosen.only)


def others(kills: int) -> tuple[int, int, int]:
    """(freezes, restarts of PostgreSQL, terminated backends) that go with so many kills."""
    return max(3, kills // 30), max(2, kills // 40), max(4, kills // 10)


def report(stage: Scene, done: faults.Faults, seconds: list[float]) -> None:
    again = repeats(stage.partner.arrivals)
    answers = ", ".join(f"{answer} {count}" for answer, count in sorted(stage.ledger.answers.items()))
    misses = sum(1 for arrival in stage.partner.arrivals if arrival.status != 200)
    say(f"\nWebhooks answered 200: {len(stage.ledger.accepted)} ({answers})")
    say(f"Faults: {', '.join(f'{kind} {count}' for kind, count in sorted(done.done.items())) or 'none'}")
    say(f"Claims approved, replacements home: {stage.decided}")
    say(f"At the partner: {len(stage.partner.arrivals)} arrivals, {misses} failed by it on purpose")
    say(f"Repeats: {sum(again.values())} of {len(again)} events, {max(again.values(), default=0)} at the most of one;"
        f" staff or partner had the last seconds sent again {stage.sent_again} times")  # fmt: skip
    say(f"The database was away for {stage.watch.dark:.0f} s in all")
    if seconds != [0.0]:
        say(f"Idle workers killed: {len(seconds)}; the next event left after"
            f" {sorted(seconds)[len(seconds) // 2]:.1f} s (median), {max(seconds):.1f} s (longest)")  # fmt: skip


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
