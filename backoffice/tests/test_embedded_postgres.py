"""The embedded database comes up where others give up: after kill -9, on odd paths, beside a stranger's number."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backoffice import postgres
from backoffice.postgres_address import socket_directory

pytestmark = pytest.mark.live


@pytest.fixture
def data() -> Iterator[Path]:
    """Not `tmp_path`: it is closed to the account that PostgreSQL runs under when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as directory:
        data = Path(directory) / "data"
        yield data
        postgres.stop(data)


def server_pid(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def test_it_starts_once_and_stops_once(data: Path) -> None:
    assert not postgres.is_running(data)
    address = postgres.start(data)
    pid = server_pid(data)
    assert postgres.start(data) == address
    assert server_pid(data) == pid
    assert postgres.stop(data)
    assert not postgres.stop(data)
    assert not postgres.is_running(data)


def test_what_was_committed_survives_a_kill(data: Path) -> None:
    with psycopg.connect(postgres.start(data)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(server_pid(data), signal.SIGKILL)
    with psycopg.connect(postgres.start(data)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_stranger_with_the_old_number_is_not_taken_for_the_server(data: Path) -> None:
    postgres.start(data)
    pidfile = data / "postmaster.pid"
    os.kill(server_pid(data), signal.SIGKILL)
    pidfile.write_text("\n".join([str(os.getpid()), *pidfile.read_text().splitlines()[1:]]) + "\n")
    assert not postgres.is_running(data)
    postgres.start(data)
    assert server_pid(data) != os.getpid()


def test_a_path_no_socket_fits_into(data: Path) -> None:
    odd = data.parent / f"with space, 'quotes' and ü {'x' * 100}" / "data"
    try:
        with psycopg.connect(postgres.start(odd)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert socket_directory(odd).stat().st_mode & 0o077 == 0
    finally:
        postgres.stop(odd)
        socket_directory(odd).rmdir()


def test_letters_beyond_ascii_compare_without_case(data: Path) -> None:
    with psycopg.connect(postgres.start(data)) as connection:
        assert connection.execute("SELECT lower('ZOË'), 'ZOË' ILIKE '%oë'").fetchone() == ("zoë", True)


def test_half_a_database_is_not_touched(data: Path) -> None:
    data.mkdir()
    (data / "precious").touch()
    with pytest.raises(postgres.PostgresError, match="Move it away"):
        postgres.start(data)
    assert (data / "precious").exists()
