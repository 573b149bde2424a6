"""`make bench`: figures side by side in one run, rounds interleaved; prints a table, writes bench/results.json.

Everything runs on fresh instances under temporary directories that wait for their disk as production does. Absolute
figures are those of the machine; what compares machines is the ratio, taken round by round. docs/performance.md says
how to read them and which sizes can be set.
"""

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import (
    accepting,
    backfill,
    backtest,
    dead_partner,
    flooding,
    hostile_partners,
    idling,
    latency,
    quoting,
    scene,
    slow_partner,
    throughput,
    waking,
)
from bench.figures import Measured
from tests.running import Instance

ROUNDS = scene.size("ROUNDS", 3)
RESULTS = Path(__file__).with_name("results.json")

WITH_WORKER = (latency, idling, waking, quoting)
WORKER_STOPPED = (accepting, throughput, slow_partner, dead_partner, backtest)  # they bring their own processes
LAST = (hostile_partners, flooding, backfill)  # leave a mess: an instance of their own for each round
EVERY = (*WITH_WORKER, *WORKER_STOPPED, *LAST)


def main() -> int:
    only = os.environ.get("ONLY", "")
    chosen = [module for module in EVERY if not only or _name(module) in only.split(",")]
    if not chosen:
        raise SystemExit(f"ONLY={only} names none of {', '.join(map(_name, EVERY))}.")
    measured = Measured()
    with scene.fresh() as first:
        facts = _facts(first.backoffice)
        _rounds(first, measured, [module for module in WITH_WORKER if module in chosen])
        first.settle()
        with first.backoffice.worker_suspended():
            _rounds(first, measured, [module for module in WORKER_STOPPED if module in chosen])
    last = [module for module in LAST if module in chosen]
    for number in range(1, ROUNDS + 1 if last else 1):
        with scene.fresh() as other:
            _round(other, measured, last, number)
    how = {_name(module): module.HOW for module in chosen}
    if only and RESULTS.exists():
        results = beside(json.loads(RESULTS.read_text()), facts, how, measured)
    else:
        results = {**facts, "how": {"rounds": ROUNDS, **how}, **measured.as_json()}
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    measured.print()
    print(f"\nWritten to {RESULTS.parent.name}/{RESULTS.name}")
    return 0 if measured.all_met() else 1


def beside(
    before: dict[str, Any], facts: dict[str, Any], how: dict[str, str], measured: Measured, rounds: int = ROUNDS
) -> dict[str, Any]:
    """The results of `before` with what was measured alone in their place; `alone` says when and on what that was."""
    new = measured.as_json()
    alone = before.get("alone", {}) | {name: {**facts, "rounds": rounds} for name in how}
    merged = {name: before.get(name, {}) | new[name] for name in ("figures", "skipped")}
    return before | {"how": before.get("how", {}) | how, **merged, "alone": alone}


def _rounds(where: scene.Scene, measured: Measured, modules: Sequence[ModuleType]) -> None:
    for number in range(1, ROUNDS + 1):
        _round(where, measured, modules, number)


def _round(where: scene.Scene, measured: Measured, modules: Sequence[ModuleType], number: int) -> None:
    for module in modules:
        print(f"{datetime.now(UTC):%H:%M:%S} round {number} of {ROUNDS}: {_name(module)}", flush=True)
        module.measure(where, measured)


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _facts(backoffice: Instance) -> dict[str, Any]:
    """When and on what: nothing that names the machine. `load` is what else it had to do (mean of 15 minutes)."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cpus": os.cpu_count(),
            "load": round(os.getloadavg()[2], 1),
            "python": platform.python_version(),
            "postgresql": str(backoffice.value("SHOW server_version")),
            "fsync": str(backoffice.value("SHOW fsync")),
            "synchronous_commit": str(backoffice.value("SHOW synchronous_commit")),
        },
    }


if __name__ == "__main__":
    sys.exit(main())
