"""A draft of a routing rule tried on a year of claims, by the command that people use, its start included."""

import time

from bench import backlog
from bench.figures import Figure, Measured
from bench.scene import Scene, size

CLAIMS = size("PAST_CLAIMS", 20_000)
HOW = f"{CLAIMS} claims of a year, a rule of eleven conditions that asks for every kind of fact; written once"

WHOLE = Figure("back-test of a rule on a year of claims", "s", most=10)
RATE = Figure("claims looked at by the back-test", "claims/s")
_RULE: dict[str, str] = {}  # instance → the rule whose claims it has


def measure(scene: Scene, measured: Measured) -> None:
    """One round."""
    backoffice = scene.backoffice
    with backoffice.worker_suspended():
        rule = _RULE.get(backoffice.url) or backlog.run(backoffice, "past_claims", CLAIMS)
        _RULE[backoffice.url] = rule
        began = time.perf_counter()
        said = backoffice.manage("backtest_rule", rule, "--days", "365")
        seconds = time.perf_counter() - began
    assert f"{CLAIMS:,} claims of 365 days looked at" in said, said
    assert "approves what people denied" in said, said
    measured.note(WHOLE, seconds)
    measured.note(RATE, CLAIMS / seconds)
