"""A whole instance for a test: PostgreSQL that waits for its disk, web, worker and sandbox, each a process of its own.

    with running.instance() as backoffice:
        backoffice.place(protected=True)
        processes.kill(backoffice.part("pusher"))

Everything lives in a directory and on ports of its own, and ends with the `with` block.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests
from cryptography.fernet import Fernet

from backoffice import postgres, postgres_address
from tests.processes import PYTHON, ROOT, Kept, children, wait_until

SHOP = "demo-store.myshopify.com"
TOKEN, SECRET = "shpat_test", "hush"
PARTNER = "Demo partner"
CLUSTER_WORKERS = 4
START_SECONDS = 40.0

# What a process of the cluster is can only be told by the order in which django-q2 starts them.
BORN = ["worker"] * CLUSTER_WORKERS + ["monitor", "pusher"]
# Names that a test run sets for itself and the instance must not inherit.
NOT_INHERITED = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "UNDO_SECONDS", "DEBUG"}


class Instance:
    """A running instance: its processes by name, its database, its sandbox."""

    def __init__(self, directory: Path, *, speed: float, web_workers: int) -> None:
        self.directory = directory
        self.port, self.sandbox_port = _free_port(), _free_port()
        self.url, self.sandbox_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.sandbox_port}"
        self.kept: dict[str, Kept] = {}
        self.session = requests.Session()
        self.session.trust_env = False
        self._speed = speed
        self._web_workers = web_workers
        self._known: dict[int, dict[int, str]] = {}  # sentinel → its children → what they are
        self._env = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED} | {
            "BACKOFFICE_VAR": str(directory),
            "BACKOFFICE_MODE": "local",
            "SECRET_KEY": "whole-system-tests-only-" + "x" * 40,
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "EGRESS_ALLOW": "127.0.0.0/8",
            "PORT": str(self.port),
            "WORKERS": str(CLUSTER_WORKERS),
            "PYTHONUNBUFFERED": "1",
        }

    # --- starting and stopping ------------------------------------------------------------------------------------

    def start(self, programs: Sequence[str]) -> None:
        """Start the database and the named programs (sandbox, web, worker), and wait until they answer."""
        postgres.start(self.directory / "postgres", keep_running=False)
        if "sandbox" in programs:
            self.keep("sandbox")
        self.manage("migrate", "--verbosity", "0")
        for program in programs:
            if program not in self.kept:
                self.keep(program)
        if "sandbox" in programs:
            self._wait_for(f"{self.sandbox_url}/livez")
        if "web" in programs:
            self._wait_for(f"{self.url}/livez")

    def keep(self, program: str) -> None:
        """Start a program, and again whenever it ends."""
        command = {
            "web": [
                str(Path(PYTHON).with_name("granian")), "--interface", "wsgi", "--workers", str(self._web_workers),
                "--blocking-threads", "16", "--respawn-failed-workers", "--respawn-interval", "0.1",
                "--host", "127.0.0.1", "--port", str(self.port), "backoffice.wsgi:application",
            ],
            "worker": [PYTHON, "manage.py", "worker"],
            "sandbox": [
                PYTHON, "-m", "sandbox", f"--port={self.sandbox_port}", f"--data={self.directory / 'sandbox.sqlite3'}",
                f"--shop={SHOP}", f"--token={TOKEN}", f"--secret={SECRET}", f"--speed={self._speed}",
            ],
        }[program]  # fmt: skip
        self.kept[program] = Kept(program, command, self._env, self.directory / f"{program}.log")

    def stop(self) -> None:
        """Stop everything; safe to call for an instance that never got up."""
        for kept in reversed(self.kept.values()):
            kept.stop()
        self.session.close()
        postgres.stop(self.directory / "postgres")

    def manage(self, *arguments: str) -> dict[str, Any]:
        """Run one of our commands as an operator would; returns what it printed as JSON."""
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments], cwd=ROOT, env=self._env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stderr[-2000:]}"
        return dict(json.loads(done.stdout)) if done.stdout.startswith("{") else {}

    def connect_shop(self) -> str:
        """Connect the sandbox's shop; returns the address for its webhooks."""
        options = {"domain": SHOP, "api-url": self.sandbox_url, "token": TOKEN, "secret": SECRET}
        connected = self.manage("connect_shop", *(f"--{name}={value}" for name, value in options.items()))
        return str(connected["webhook_url"])

    def add_endpoint(self, url: str) -> str:
        """Send a partner everything at an address; returns the signing secret."""
        return str(self.manage("add_endpoint", f"--partner={PARTNER}", f"--url={url}", "--events=*")["secret"])

    def connect_everything(self) -> None:
        """Shop to back office to partner, all in the sandbox: from now on orders flow."""
        self.connect_shop()
        secret = self.add_endpoint(f"{self.sandbox_url}/sink/demo")
        self.press("/sandbox/sinks/demo.json", secrets=[secret])
        self.manage("subscribe_webhooks", f"--domain={SHOP}")

    # --- its processes ----------------------------------------------------------------------------------------------

    def parts(self, name: str) -> list[int]:
        """Process ids of a part: web, web worker, supervisor, cluster, sentinel, worker, monitor, pusher."""
        if name in ("web", "web worker"):
            main = self.kept["web"].pid
            return _listed(main) if name == "web" else children(main or 0)
        chain = _listed(self.kept["worker"].pid)
        for _ in ("cluster", "sentinel"):
            chain += children(chain[-1])[:1] if chain else []
        depth = {"supervisor": 0, "cluster": 1, "sentinel": 2}
        if name in depth:
            return chain[depth[name] : depth[name] + 1]
        return self._cluster_parts(chain[2], name) if len(chain) == 3 else []

    def part(self, name: str) -> int:
        """One process of a part, waited for while its cluster is being replaced."""
        found: list[int] = []

        def there() -> bool:
            found[:] = self.parts(name)
            return bool(found)

        wait_until(there, START_SECONDS, f"a {name} process")
        return found[0]

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

    # --- its database and its sandbox ---------------------------------------------------------------------------------

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database directly."""
        with psycopg.connect(postgres_address.url(self.directory / "postgres"), autocommit=True) as connection:
            return connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, *parameters: Any) -> Any:
        """First column of the first row."""
        return self.rows(sql, *parameters)[0][0]

    def press(self, path: str, **fields: Any) -> dict[str, Any]:
        """Press a button of the sandbox."""
        response = self.session.post(self.sandbox_url + path, json=fields, timeout=30)
        assert response.status_code in (200, 201), response.text
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
        return (self.directory / f"{program}.log").read_text(errors="replace")[-4000:]

    def _wait_for(self, url: str) -> None:
        def answers() -> bool:
            try:
                return self.session.get(url, timeout=2).status_code == 200
            except requests.ConnectionError:
                return False

        wait_until(answers, START_SECONDS, f"an answer from {url}")


@contextmanager
def instance(
    programs: Sequence[str] = ("sandbox", "web", "worker"), *, speed: float = 60, web_workers: int = 2
) -> Iterator[Instance]:
    """A fresh instance; what is in its directory is gone afterwards."""
    # Not pytest's tmp_path: its parents are closed to the account that PostgreSQL runs under when we are root.
    directory = Path(tempfile.mkdtemp(prefix="backoffice-"))
    started = Instance(directory, speed=speed, web_workers=web_workers)
    try:
        started.start(programs)
        yield started
    finally:
        started.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _listed(pid: int | None) -> list[int]:
    return [] if pid is None else [pid]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
