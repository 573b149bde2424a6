"""A whole instance for a test, started and stopped by the very commands that people use.

    with running.instance() as backoffice:
        backoffice.place(protected=True)
        processes.kill(backoffice.part("pusher"))

It has a directory and ports of its own: PostgreSQL (which waits for its disk), web, worker and sandbox, the demo shop
connected. Everything ends with the `with` block.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

from backoffice import postgres_address
from tests.processes import PYTHON, ROOT, children, family, is_alive, signal_all, wait_until

SHOP = "demo-store.myshopify.com"
CLUSTER_WORKERS = 4
PART_SECONDS = 40.0  # a hung cluster is noticed after some 20 s

# What a process of the cluster is can only be told by the order in which django-q2 starts them.
BORN = ["worker"] * CLUSTER_WORKERS + ["monitor", "pusher"]
# The rest of our environment may be that of a test run: its settings, keys and database are not the instance's.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "USER")


class Instance:
    """A running instance: its processes by name, its database, its sandbox."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory
        self.session = requests.Session()
        self.session.trust_env = False
        self.environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | {
            "BACKOFFICE_VAR": str(directory),
            "PORT": str(_free_port()),
            "SANDBOX_PORT": str(_free_port()),
            "WORKERS": str(CLUSTER_WORKERS),
            **environment,
        }
        self.url = self.sandbox_url = ""
        self.demo: dict[str, str] = {}  # what seed_demo made: webhook_url, endpoint_secret, …
        self.api_key = ""
        self.logins: list[dict[str, str]] = []  # role, username, password of the demo staff
        self._known: dict[int, dict[int, str]] = {}  # sentinel → its children → what they are

    def start(self) -> None:
        """Return once everything answers and the demo shop is connected."""
        self.manage("up", "--detach")
        facts = self._facts()
        self.url = facts["api"]["url"].removesuffix("/v1/")
        self.sandbox_url = facts["sandbox"]["url"].rstrip("/")
        self.demo = facts["demo"]
        self.api_key = facts["api"]["key"]
        self.logins = facts["console"]["logins"]

    def stop(self) -> None:
        """Stop everything; safe for an instance that never got up."""
        self.session.close()
        self.manage("down")

    def manage(self, *arguments: str) -> str:
        """Run one of our commands as an operator would; returns what it printed."""
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    # --- its processes ----------------------------------------------------------------------------------------------

    def parts(self, name: str) -> list[int]:
        """Process ids of a part: web, web worker, supervisor, cluster, sentinel, worker, monitor, pusher."""
        if name in ("web", "web worker"):
            main = self._kept("web")
            return main if name == "web" else children(main[0]) if main else []
        chain = self._kept("worker")
        for _ in ("cluster", "sentinel"):
            chain += children(chain[-1])[:1] if chain else []
        depth = {"supervisor": 0, "cluster": 1, "sentinel": 2}
        if name in depth:
            return chain[depth[name] : depth[name] + 1]
        return self._cluster_parts(chain[2], name) if len(chain) == 3 else []

    def part(self, name: str) -> int:
        """One process of a part, waited for while it is being replaced."""
        wait_until(lambda: self.parts(name), PART_SECONDS, f"a {name} process")
        return self.parts(name)[0]

    @contextmanager
    def worker_suspended(self) -> Iterator[None]:
        """Meanwhile no task runs; afterwards the supervisor takes the silence for a hang and makes a new cluster."""
        stopped = family(self.part("supervisor"))
        signal_all(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            signal_all(reversed(stopped), signal.SIGCONT)

    def _kept(self, program: str) -> list[int]:
        pid = self._facts()["pids"].get(program)
        return [pid] if pid and is_alive(pid) else []

    def _cluster_parts(self, sentinel: int, name: str) -> list[int]:
        """What the sentinel's children are: told by birth in a new cluster, later a newcomer is what was missing."""
        living = children(sentinel)
        known = self._known.setdefault(sentinel, {})
        if len(living) < len(BORN):
            return []
        for pid in living:
            if pid not in known:
                present = [known[other] for other in living if other in known]
                known[pid] = next((part for part in BORN if present.count(part) < BORN.count(part)), "stranger")
        return [pid for pid in living if known[pid] == name]

    def _facts(self) -> dict[str, Any]:
        return dict(json.loads((self.directory / "up.json").read_text()))

    def postmaster(self) -> int | None:
        """PostgreSQL's first process, None while there is none."""
        try:
            pid = int((self.directory / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_alive(pid) else None

    def setting(self, name: str) -> str:
        """What `up` wrote into local.env for itself, for example the sandbox's signing secret."""
        lines = (self.directory / "local.env").read_text().splitlines()
        return next(line.split("=", 1)[1] for line in lines if line.startswith(f"{name}="))

    # --- its database and its sandbox ---------------------------------------------------------------------------------

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database directly."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, *parameters: Any) -> Any:
        """First column of the first row."""
        return self.rows(sql, *parameters)[0][0]

    def execute(self, sql: str, *parameters: Any) -> None:
        """Change the database directly."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(sql, parameters)

    @property
    def database_url(self) -> str:
        return postgres_address.url(self.directory / "postgres")

    def press(self, path: str, **fields: Any) -> dict[str, Any]:
        """Press a button of the sandbox."""
        response = self.session.post(self.sandbox_url + path, json=fields, timeout=30)
        assert response.status_code in (200, 201, 202), response.text
        return dict(response.json())

    def look(self, path: str, **query: Any) -> dict[str, Any]:
        """Read JSON from the sandbox."""
        response = self.session.get(self.sandbox_url + path, params=query, timeout=30)
        response.raise_for_status()
        return dict(response.json())

    def place(self, **fields: Any) -> int:
        """A customer places an order; returns its id in the shop."""
        return int(self.press("/sandbox/orders.json", **fields)["orders"][0]["id"])

    def log(self, program: str) -> str:
        """The end of what a program said."""
        return (self.directory / "log" / f"{program}.log").read_text(errors="replace")[-4000:]


@contextmanager
def instance(
    *, sandbox_speed: float = 60, prepare: Callable[[Path], None] = lambda directory: None, **environment: str
) -> Iterator[Instance]:
    """A fresh instance, gone afterwards with its directory. Webhook retries come `sandbox_speed` times sooner.

    `environment` is added to what its processes see, such as QUEUE; `prepare` may put things into its directory first.
    """
    # Not pytest's tmp_path: another test run may close its parents to the account PostgreSQL has when we are root.
    directory = Path(tempfile.mkdtemp(prefix="backoffice-"))
    started = Instance(directory, SANDBOX_SPEED=str(sandbox_speed), **environment)
    try:
        prepare(directory)
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
