import json
import os
import re
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from backoffice import instance, postgres
from backoffice.local import ROOT, free_port
from backoffice.runner import SANDBOX_PORT

FREE_BYTES = 2 * 1024**3
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


class Trouble(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


class Command(BaseCommand):
    help = "Look at everything this machine needs, one line each, with a fix for what is wrong."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        checks: dict[str, Callable[[], str]] = {
            "Python": _python,
            "Packages": _packages,
            "Disk": _disk,
            "PostgreSQL": _postgres,
            "Tables": _tables,
            "Web": _web,
            "Worker": _worker,
            "Sandbox": _sandbox,
            "Ports": _ports,
        }
        wrong = 0
        for name, check in checks.items():
            try:
                self.stdout.write(f"ok    {name:<11} {check()}")
            except Trouble as trouble:
                wrong += 1
                self.stdout.write(f"BAD   {name:<11} {trouble}\n      {'':<11} → {trouble.fix}")
        if wrong:
            self.stdout.write(f"\n{wrong} of {len(checks)} need attention.")
            sys.exit(1)
        self.stdout.write("\nAll is well.")


def _python() -> str:
    if sys.version_info < (3, 11):  # noqa: UP036 whoever starts it by hand may take any Python
        raise Trouble(
            f"This is Python {sys.version.split()[0]}.", "Install Python 3.11 or newer, delete .venv, `make up`."
        )
    return f"{sys.version.split()[0]} at {sys.executable}"


def _packages() -> str:
    wanted = dict(PIN.findall((ROOT / "requirements.txt").read_text()))
    wrong = [
        f"{name} {found or 'missing'}, not {pin}" for name, pin in wanted.items() if (found := _version(name)) != pin
    ]
    if wrong:
        raise Trouble("; ".join(wrong), "rm .venv/.installed, then `make up` installs what requirements.txt says.")
    return f"all {len(wanted)} as in requirements.txt"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _disk() -> str:
    free = shutil.disk_usage(instance.HOME if instance.HOME.exists() else ROOT).free
    said = f"{free / 1024**3:.1f} GB free in {instance.HOME}"
    if free < FREE_BYTES:
        raise Trouble(said, "Make room, or move the data with BACKOFFICE_VAR=/another/place.")
    return said


def _postgres() -> str:
    if instance.has_own_database() and not postgres.is_running():
        end = (postgres.DATA / "log").exists() and f" If it stays down, read {postgres.DATA / 'log'}."
        raise Trouble("The embedded server is not running.", f"Start everything: {instance.command('up')}.{end or ''}")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            found = cursor.fetchone()[0]
    except DatabaseError as error:
        raise Trouble(str(error).strip(), "Check DATABASE_URL and that its server lets this machine in.") from error
    if int(found.split(".")[0]) < 15:
        raise Trouble(f"The server is PostgreSQL {found}.", "Use version 15 or newer.")
    return found + (", embedded" if instance.has_own_database() else ", from DATABASE_URL")


def _tables() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Trouble("Not known without the database.", "Mend PostgreSQL first.") from error
    if pending:
        raise Trouble(f"{len(pending)} migrations are not applied.", "python manage.py migrate")
    return "every migration applied"


def _web() -> str:
    url = _facts()["console"]["url"].replace("/admin/", "/livez")
    _get(url, "web")
    return url


def _worker() -> str:
    url = _facts()["console"]["url"].replace("/admin/", "/readyz")
    checks = json.loads(_get(url, "worker"))["checks"]
    bad = [said for said in checks.values() if said != "ok"]
    if bad:
        raise Trouble(
            " ".join(bad), f"Read {instance.LOGS / 'worker.log'}; `up` replaces a worker that hangs by itself."
        )
    return "heartbeat is fresh, nothing waits too long"


def _sandbox() -> str:
    url = _facts()["sandbox"]["url"]
    _get(f"{url}livez", "sandbox")
    return url


def _ports() -> str:
    if instance.told():
        return "in use by this instance"
    wanted = {"PORT": settings.PORT, "SANDBOX_PORT": int(os.environ.get("SANDBOX_PORT", SANDBOX_PORT))}
    taken = [f"{name} {port}" for name, port in wanted.items() if free_port(port) != port]
    if taken:
        fix = "Nothing to do: `up` takes the next free ones and says so. Or choose with PORT and SANDBOX_PORT."
        raise Trouble(f"Taken by another program: {', '.join(taken)}.", fix)
    return " and ".join(map(str, wanted.values())) + " are free"


def _facts() -> dict[str, Any]:
    facts = instance.told()
    if facts is None:
        raise Trouble("It is not running.", f"Start everything: {instance.command('up')}.")
    return facts


def _get(url: str, part: str) -> str:
    """The body, also of a 503, which says what is not ready."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 our own address
            return answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            if answer.code == 503:
                return answer.read().decode()
        raise Trouble(f"{url} says {answer.code}.", f"Read {instance.LOGS / part}.log.") from None
    except OSError as error:
        raise Trouble(f"{url} does not answer: {error}.", f"Read {instance.LOGS / part}.log.") from error
