"""Where the embedded PostgreSQL is, without loading it: settings need the address, and production has no such wheel."""

from pathlib import Path
from urllib.parse import quote

from backoffice.local import VAR

DATA = VAR / "postgres"
DATABASE = "backoffice"


def url(data: Path = DATA) -> str:
    """Address of the database. When no server runs it names a socket nobody listens on, so that connecting says so."""
    directory, port = socket_of(data) or (str(data), "5432")
    # In the query, not as host name: URL parsers put host names into lower case.
    return f"postgresql://postgres@/{DATABASE}?host={quote(directory)}&port={port}"


def socket_of(data: Path) -> tuple[str, str] | None:
    """Directory and port of the socket, from lines 4 and 5 of postmaster.pid (format of PostgreSQL's pidfile.h)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return (lines[4], lines[3]) if len(lines) > 4 else None

