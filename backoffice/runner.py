"""Starts the whole local instance, keeps its parts alive, and stops them again: `manage.py up`.

PostgreSQL → tables → web, worker and sandbox → demo data → one summary when everything answers.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections

from backoffice import instance, postgres
from backoffice.children import Child
from backoffice.local import ROOT, free_port
from backoffice.orphans import die_with_parent

SHOP = "demo-store.myshopify.com"
SANDBOX_PORT = 8010
READY_SECONDS = 120.0
SEED_SECONDS = 180.0
EARLY_DEATHS = 4  # before it was ready even once: it will not get better by itself
LOOK_SECONDS = 0.1
DATABASE_LOOK_SECONDS = 1.0


class CannotStart(Exception):
    """Why the instance did not come up, in words for the person who typed `up`."""


class _Stop(Exception):
    """Somebody asked us to stop while we were starting."""


class Runner:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = time.monotonic()
        self._asked_to_stop = 0
        self._facts: dict[str, Any] | None = None
        self._database_seen_at = 0.0
        port = self._port("PORT", settings.PORT)
        sandbox_port = self._port("SANDBOX_PORT", int(os.environ.get("SANDBOX_PORT", SANDBOX_PORT)), taken=port)
        self._web = ("127.0.0.1", port)
        self._sandbox = ("127.0.0.1", sandbox_port)
        self._environment = {
            **os.environ,
            instance.MARKER: str(instance.HOME),
            "BACKOFFICE_VAR": str(instance.HOME),
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
            "PYTHONUNBUFFERED": "1",
            "PORT": str(port),
            "PUBLIC_URL": os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}",
            "SANDBOX_PORT": str(sandbox_port),
            "SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
            "SANDBOX_SHOP": SHOP,  # token and secret are in the environment as well, so that `ps` shows neither
            "SANDBOX_DATA": str(instance.HOME / "sandbox.sqlite3"),
        }
        self._children = {
            name: Child(name, command, self._environment, instance.LOGS / f"{name}.log")
            for name, command in _commands(port).items()
        }

    def run(self, ready: Callable[[dict[str, Any]], None]) -> None:
        """Start, call `ready` with the facts once everything answers, then supervise until a signal asks to stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            seed = self._start()
            self._tell(seed)
            assert self._facts is not None
            ready(self._facts)
            while True:
                self._tick()
        except _Stop:
            self._say("Stopping.")
        finally:
            self._stop()

    def _start(self) -> dict[str, Any]:
        instance.end_processes()
        if instance.has_own_database():
            with self._step("PostgreSQL"):
                postgres.start()
                self._database_seen_at = time.monotonic()
        with self._step("Tables"):
            try:
                call_command("migrate", interactive=False, verbosity=0)
            except DatabaseError as error:
                raise CannotStart(f"The tables could not be made: {error}") from error
            finally:
                connections.close_all()
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        if not getattr(settings, "WHITENOISE_USE_FINDERS", False):
            with self._step("Static files"):
                call_command("collectstatic", interactive=False, verbosity=0)
        for child in self._children.values():
            child.start()
        with self._step("Sandbox"):
            self._wait(lambda: _answer(self._sandbox, "/livez"), "sandbox")
        with self._step("Web"):
            self._wait(lambda: _answer(self._web, "/livez"), "web")
        with self._step("Worker"):
            self._wait(lambda: _answer(self._web, "/readyz"), "worker")
        with self._step("Demo data"):
            return self._seed()

    def _seed(self) -> dict[str, Any]:
        """In a process of its own, because settings were read here before the ports were known."""
        command = [sys.executable, str(ROOT / "manage.py"), "seed_demo"]
        seeding = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent,
        )  # fmt: skip
        give_up = time.monotonic() + SEED_SECONDS
        while True:
            try:
                output, errors = seeding.communicate(timeout=LOOK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                self._tick()
            if time.monotonic() > give_up:
                raise CannotStart(f"The demo data were not there after {SEED_SECONDS:.0f} s.")
        if seeding.returncode:
            raise CannotStart(f"The demo data could not be made:\n{errors.strip()}")
        facts: dict[str, Any] = json.loads(output)
        return facts

    def _tell(self, seed: dict[str, Any]) -> None:
        base, sandbox = (f"http://{host}:{port}" for host, port in (self._web, self._sandbox))
        self._facts = {
            "console": {"url": f"{base}/admin/", "logins": seed["logins"]},
            "api": {"url": f"{base}/v1/", "key": seed["api_key"]},
            "sandbox": {"url": f"{sandbox}/"},
            "demo": {name: seed[name] for name in sorted(seed.keys() - {"logins", "api_key"})},
            "pids": self._pids(),
            "seconds": round(time.monotonic() - self._began, 1),
            "stop": instance.command("down"),
            "reset": instance.command("reset"),
        }
        instance.tell(self._facts)

    def _pids(self) -> dict[str, int | None]:
        return {"runner": os.getpid(), **{name: child.pid for name, child in self._children.items()}}

    def _wait(self, trouble: Callable[[], str | None], name: str) -> None:
        """Until nothing is the trouble; `name` is the part whose log explains it."""
        give_up = time.monotonic() + READY_SECONDS
        while sentence := trouble():
            for child in self._children.values():
                if child.early_deaths >= EARLY_DEATHS:
                    raise CannotStart(
                        f"{child.name} ends as soon as it starts. The end of {child.log}:\n{_tail(child)}"
                    )
            if time.monotonic() > give_up:
                child = self._children[name]
                raise CannotStart(f"{name} is not ready: {sentence}\nThe end of {child.log}:\n{_tail(child)}")
            self._tick()

    def _tick(self) -> None:
        """One round of looking after everything."""
        if self._asked_to_stop:
            raise _Stop
        now = time.monotonic()
        if self._database_seen_at and now - self._database_seen_at > DATABASE_LOOK_SECONDS:
            self._database_seen_at = now
            if not postgres.is_running():
                self._say("PostgreSQL ended; starting it again.")
                try:
                    postgres.start()
                except postgres.PostgresError as error:
                    self._say(f"That failed, next attempt in a moment: {error}")
        for child in self._children.values():
            if event := child.look():
                self._say(event)
        if self._facts and self._facts["pids"] != self._pids():
            self._facts["pids"] = self._pids()
            instance.tell(self._facts)
        time.sleep(LOOK_SECONDS)

    def _stop(self) -> None:
        instance.take_back()
        for child in self._children.values():
            child.ask_to_stop()
        give_up = time.monotonic() + instance.STOP_SECONDS
        while not all(child.has_stopped() for child in self._children.values()):
            if time.monotonic() > give_up or self._asked_to_stop > 1:  # a second Ctrl-C is in a hurry
                break
            time.sleep(0.05)
        for child in self._children.values():
            child.kill()
        instance.end_processes(grace=0)  # what they started in sessions of their own
        if instance.has_own_database():
            postgres.stop()

    def _ask_to_stop(self, *_: object) -> None:
        self._asked_to_stop += 1

    def _port(self, name: str, wanted: int, taken: int | None = None) -> int:
        port = free_port(wanted + (wanted == taken))
        if port != wanted:
            self._say(f"Port {wanted} is taken, so this uses {port}. ({name} in the environment chooses another.)")
        return port

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._say(f"✓ {name:<13} {time.monotonic() - began:4.1f} s")


def _commands(port: int) -> dict[str, list[str]]:
    return {
        "web": [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
            *("--workers", "2", "--blocking-threads", "16", "--http1-keep-alive", "--no-access-log", "--no-reload"),
            # A worker that dies is replaced while the other one answers. No --backpressure below its default: granian
            # counts open connections, and idle kept ones would lock newcomers out.
            *("--respawn-failed-workers", "--respawn-interval", "0.2", "--workers-kill-timeout", "8"),
            *("--log-level", "warning", "--host", "127.0.0.1", "--port", str(port), "backoffice.wsgi:application"),
        ],
        "worker": [sys.executable, str(ROOT / "manage.py"), "worker"],
        "sandbox": [sys.executable, "-m", "sandbox"],
    }


def _answer(address: tuple[str, int], path: str) -> str | None:
    """None when it answers 200, else what it says."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{path} does not answer ({error})"
    finally:
        connection.close()
    return None if response.status == 200 else f"{path} says {response.status} {body}"


def _tail(child: Child, lines: int = 25) -> str:
    return "\n".join(child.log.read_text(errors="replace").splitlines()[-lines:])
