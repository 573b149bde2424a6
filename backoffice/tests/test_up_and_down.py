"""A whole second instance: it starts, says where it answers, mends itself, and goes away without a trace."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backoffice.local import ROOT

pytestmark = pytest.mark.live


class Instance:
    """`manage.py` with a var/ directory and ports of its own, and nothing of this test run's environment."""

    def __init__(self, var: Path) -> None:
        self.var = var
        with socket.socket() as one, socket.socket() as two:
            for probe in (one, two):
                probe.bind(("127.0.0.1", 0))
            self.ports = [probe.getsockname()[1] for probe in (one, two)]
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "BACKOFFICE_VAR": str(var),
            "PORT": str(self.ports[0]),
            "SANDBOX_PORT": str(self.ports[1]),
        }

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.var / "up.json").read_text())
        return facts

    def processes(self) -> list[str]:
        """Command lines of everything that runs on this var/ directory, PostgreSQL included."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                about = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if os.fsencode(self.var) in about:
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="up-and-down-") as directory:
        instance = Instance(Path(directory) / "var")
        try:
            yield instance
        finally:
            instance.manage("down")


def test_up_prints_where_everything_answers(instance: Instance) -> None:
    said = instance.manage("up", "--detach")
    facts = instance.facts()
    assert "Ready in" in said
    assert stat.S_IMODE((instance.var / "up.json").stat().st_mode) == 0o600
    assert [login["role"] for login in facts["console"]["logins"]] == ["agent", "lead"]
    for login in facts["console"]["logins"]:
        assert f"{login['username']} / {login['password']}" in said
    for text in (facts["console"]["url"], facts["api"]["url"], facts["api"]["key"], facts["sandbox"]["url"]):
        assert text in said
    assert get(facts["console"]["url"]) == get(facts["sandbox"]["url"]) == 200
    assert get(f"{facts['api']['url']}orders", Authorization=f"Bearer {facts['api']['key']}") == 200


def test_up_again_only_repeats_it(instance: Instance) -> None:
    before = instance.facts()
    said = instance.manage("up", "--detach")
    assert "It runs already." in said
    assert before["api"]["key"] in said
    assert instance.facts() == before


@pytest.mark.parametrize("name", ["web", "worker", "sandbox"])
def test_a_killed_part_comes_back(instance: Instance, name: str) -> None:
    pid = instance.facts()["pids"][name]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: instance.facts()["pids"][name] not in (pid, None))


def test_a_killed_database_comes_back(instance: Instance) -> None:
    pidfile = instance.var / "postgres" / "postmaster.pid"
    killed = pidfile.read_text().splitlines()[0]
    os.kill(int(killed), signal.SIGKILL)
    wait_for(lambda: pidfile.exists() and pidfile.read_text().splitlines()[:1] != [killed])
    ready = instance.facts()["console"]["url"].replace("/admin/", "/readyz")
    wait_for(lambda: get(ready) == 200)


def test_down_leaves_nothing_even_of_a_killed_runner(instance: Instance) -> None:
    """Last in this file: after it the instance is gone."""
    os.kill(instance.facts()["pids"]["runner"], signal.SIGKILL)
    assert "Stopped." in instance.manage("down")
    assert instance.processes() == []
    for port in instance.ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not (instance.var / "up.json").exists()
    assert "Nothing was running." in instance.manage("down")


def get(url: str, **headers: str) -> int:
    """Status of an answer; 0 when there is none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code
    except OSError:
        return 0


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "It did not happen in time."
        time.sleep(0.05)
