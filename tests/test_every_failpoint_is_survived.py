"""Failpoints stand at every commit, send and acknowledge; a process that ends at any of them breaks no promise.

A few of them here, chosen by SEED; `make chaos HITS=10` hits every one ten times.
"""

import ast
import os
import random
import re
import sys
import time
from pathlib import Path

import pytest

from backoffice import failpoints
from tests.chaos import scene
from tests.chaos.checker import check, repeats
from tests.chaos.points import Points
from tests.processes import ROOT

SEED = int(os.environ.get("SEED", "1"))
POINTS = 8
ARMED_SECONDS = 10.0

# Commits that have no failpoint beside them, each with the reason. Everything else must have one.
UNMARKED = {
    "inbox.handle_again": "a button of staff; the row is then handled like any other",
}
ENGINE = ("inbox", "outbox", "claiming", "settling", "calls", "sending")

# Where a killed call to Shopify leaves a lease of 35 s: too long for this test.
SLOW = ("calls.", "change.", "mail.", "message.", "replacement.", "resolution.")
# Only staff and partners come by there; and a loader of history, which has a test of its own that ends it everywhere.
BY_HAND = ("claim.", "request.", "outbox.sent_again", "inbound.applying_part", "history.")


def test_the_list_is_complete_and_without_doubles():
    names = failpoints.names()
    assert len(names) >= 30
    for part in (
        "bells",
        "calls",
        "claim",
        "group",
        "inbound",
        "inbox",
        "outbox",
        "replacement",
        "request",
        "resolution",
    ):
        assert any(name.startswith(f"{part}.") for name in names), part


def test_the_map_in_the_docs_names_every_failpoint_and_no_other():
    rows = [line for line in (ROOT / "docs" / "chaos.md").read_text().splitlines() if line.startswith("|")]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", "\n".join(rows))) == set(failpoints.names())


@pytest.mark.parametrize("module", ENGINE)
def test_every_commit_of_the_engine_has_a_failpoint_beside_it(module: str):
    source = ROOT / "integrations" / f"{module}.py"
    bare = [name for name in unmarked(source.read_text()) if f"{module}.{name}" not in UNMARKED]
    assert not bare, f"{source.name}: no failpoint in or after the transaction of {', '.join(bare)}"


def test_a_commit_without_a_failpoint_is_noticed():
    bare = "def f():\n    with transaction.atomic():\n        g()\n"
    assert unmarked(bare) == ["f"]
    assert unmarked("@transaction.atomic\ndef f():\n    g()\n") == ["f"]
    assert unmarked(bare + "    failpoints.reach('a')\n") == []
    assert unmarked(bare + "        failpoints.reach('a')\n") == []


def unmarked(text: str) -> list[str]:
    """Functions that have a transaction and no failpoint."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [
        f.name
        for f in functions
        if "transaction.atomic" in ast.unparse(f) and "failpoints.reach(" not in ast.unparse(f)
    ]


def test_nobody_obeys_where_no_test_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(failpoints, "_directory", str(tmp_path))
    failpoints.reach("inbox.stored")  # no such file
    monkeypatch.setattr(failpoints, "_directory", "")
    (tmp_path / "inbox.stored").touch()
    failpoints.reach("inbox.stored")
    assert (tmp_path / "inbox.stored").exists()


@pytest.mark.live
@pytest.mark.skipif(sys.platform != "linux", reason="Processes are found by /proc.")
@pytest.mark.slow
def test_a_few_failpoints_are_survived(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = [name for name in failpoints.names() if not name.startswith(SLOW + BY_HAND)]
    chosen = random.Random(SEED).sample(usual, POINTS)
    with scene.staged(SEED, tmp_path) as stage:
        load = stage.load(100_000, 40.0)
        armed = Points(tmp_path, chosen, 1, SEED)
        load.start()
        armed.start()
        give_up = time.monotonic() + ARMED_SECONDS
        while armed.is_alive() and time.monotonic() < give_up:
            time.sleep(0.05)
        armed.stop()
        load.stop()
        left = stage.settle(60)
        history = stage.history(left)
        assert check(history) == [], f"SEED={SEED}"
    with capsys.disabled():
        hit = [name for name, count in armed.hits.items() if count]
        print(f"\nSEED={SEED}: ended processes at {', '.join(hit)}; {len(history.accepted)} webhooks, nothing lost;"
              f" {sum(repeats(history.arrivals).values())} events came again.")  # fmt: skip
    assert len(hit) >= POINTS / 2, armed.hits
