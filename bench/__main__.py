"""`make bench`: figures side by side in one run, rounds interleaved; prints a table, writes bench/results.json.

Everything runs on a fresh instance under a temporary directory that waits for its disk as production does. Absolute
figures are those of the machine; what compares machines is the ratio, taken round by round.
"""

import json
import os
import platform
import statistics
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench import accepting, draining, latency, sink
from bench.bodies import Bodies
from tests import running
from tests.running import Instance

ROUNDS = int(os.environ.get("ROUNDS", "3"))
RESULTS = Path(__file__).with_name("results.json")


class Figure(NamedTuple):
    """What is measured; `least` and `most` are targets, None where it is there for comparison."""

    name: str
    unit: str
    least: float | None = None
    most: float | None = None

    def asked(self) -> str:
        """The target in words."""
        return f"≥ {self.least:g}" if self.least else f"≤ {self.most:g}" if self.most else ""

    def is_met(self, value: float) -> bool:
        """Whether `value` reaches the target; True where there is none."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


ACCEPTED = Figure("webhooks accepted", "a second")
BARE = Figure("bare INSERTs of the same bodies (pgbench)", "a second")
RATIO = Figure("webhooks accepted / bare INSERTs", "", least=0.5)
ACCEPTED_P50 = Figure("webhook accepted, p50", "ms")
ACCEPTED_P99 = Figure("webhook accepted, p99", "ms")
GENERATOR = Figure("load generator's own CPU", "ms a webhook")
PARTNER_P50 = Figure("webhook to partner, p50", "ms", most=150)
PARTNER_P95 = Figure("webhook to partner, p95", "ms", most=400)
DRAINED = Figure("ordered deliveries drained, one process", "a second")
FIGURES = (ACCEPTED, BARE, RATIO, ACCEPTED_P50, ACCEPTED_P99, GENERATOR, PARTNER_P50, PARTNER_P95, DRAINED)

Rounds = dict[Figure, list[float]]


def main() -> int:
    measured: Rounds = defaultdict(list)
    with running.instance() as backoffice, sink.running() as partner:
        backoffice.execute("UPDATE integrations_connection SET url = %s WHERE system = 'webhook'", partner.url)
        bodies = Bodies(backoffice)
        for number in range(1, ROUNDS + 1):
            _say(f"round {number} of {ROUNDS}: from shop to partner")
            _measure_latency(measured, latency.order_to_partner(backoffice, bodies, partner))
        with backoffice.worker_suspended():
            for number in range(1, ROUNDS + 1):
                _say(f"round {number} of {ROUNDS}: accepting, inserting, draining")
                _measure_rates(measured, backoffice, bodies, partner)
        facts = _facts(backoffice)
    figures = {figure.name: _summary(figure, measured[figure]) for figure in FIGURES}
    RESULTS.write_text(json.dumps({**facts, "figures": figures}, indent=2, ensure_ascii=False) + "\n")
    _print_table(measured)
    return 0 if all(figure.is_met(statistics.median(measured[figure])) for figure in FIGURES) else 1


def _measure_latency(measured: Rounds, milliseconds: list[float]) -> None:
    measured[PARTNER_P50].append(_percentile(milliseconds, 50))
    measured[PARTNER_P95].append(_percentile(milliseconds, 95))


def _measure_rates(measured: Rounds, backoffice: Instance, bodies: Bodies, partner: sink.Sink) -> None:
    load = accepting.webhooks(backoffice, bodies)
    bare = accepting.bare_inserts(backoffice, bodies)
    measured[ACCEPTED].append(load.rate)
    measured[BARE].append(bare)
    measured[RATIO].append(load.rate / bare)
    measured[ACCEPTED_P50].append(_percentile(load.milliseconds, 50))
    measured[ACCEPTED_P99].append(_percentile(load.milliseconds, 99))
    measured[GENERATOR].append(load.cpu_seconds / len(load.accepted) * 1000)
    measured[DRAINED].append(draining.drain_once(backoffice, partner).rate)


def _facts(backoffice: Instance) -> dict[str, object]:
    """When, on what, and how: nothing that names the machine."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "postgresql": str(backoffice.value("SHOW server_version")),
            "fsync": str(backoffice.value("SHOW fsync")),
            "synchronous_commit": str(backoffice.value("SHOW synchronous_commit")),
        },
        "how": {
            "rounds": ROUNDS,
            "accepting": f"{accepting.CONNECTIONS} kept connections, {accepting.SECONDS:g} s, a raw socket client",
            "inserting": f"pgbench -M prepared -c {accepting.CONNECTIONS} -j 2, one row a transaction, unique key",
            "latency": f"{latency.ORDERS_A_SECOND:g} orders a second for {latency.SECONDS:g} s",
            "draining": f"{draining.DELIVERIES} deliveries of {draining.ORDERS} orders",
        },
    }


def _summary(figure: Figure, values: list[float]) -> dict[str, object]:
    middle = statistics.median(values)
    summary: dict[str, object] = {"unit": figure.unit, "median": round(middle, 3)}
    summary |= {"min": round(min(values), 3), "max": round(max(values), 3)}
    if figure.asked():
        summary |= {"asked": figure.asked(), "met": figure.is_met(middle)}
    return summary


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def _print_table(measured: Rounds) -> None:
    print(f"\n{'':44}{'median':>9}  {'min – max':<17} {'unit':13}{'asked':7}")
    for figure in FIGURES:
        values = measured[figure]
        middle = statistics.median(values)
        spread = f"{_number(min(values))} – {_number(max(values))}"
        verdict = "" if not figure.asked() else "met" if figure.is_met(middle) else "MISSED"
        print(f"{figure.name:44}{_number(middle):>9}  {spread:<17} {figure.unit:13}{figure.asked():7}{verdict}")
    print(f"\nWritten to {RESULTS.parent.name}/{RESULTS.name}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
