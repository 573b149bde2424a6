"""Where the embedded PostgreSQL is, without loading it: settings need the address, and production has no such wheel."""

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from backoffice.local import VAR

DATA = VAR / "postgres"
DATABASE = "backoffice"
PORT = "5432"  # names the socket file; no TCP port is opened

# A socket's path must fit into 108 bytes on Linux and 104 on macOS, and PostgreSQL reads a comma as a separator.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]{1,85}")


def url(data: Path = DATA) -> str:
    """Address of the database. When no server runs it names a socket nobody listens on, so that connecting says so."""
    directory, port = socket_of(data) or (str(socket_directory(data)), PORT)
    # In the query, not as host name: URL parsers put host names into lower case.
    return f"postgresql://postgres@/{DATABASE}?host={quote(directory)}&port={port}"


def socket_directory(data: Path) -> Path:
    """Beside the data where that path can name a socket, else a short one under /tmp: the same in every process."""
    data = data.absolute()
    if PLAIN_PATH.fullmatch(str(data)):
        return data
    return Path("/tmp") / f"backoffice-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"  # noqa: S108 made 0700


def socket_of(data: Path) -> tuple[str, str] | None:
    """Directory and port of the socket, from lines 4 and 5 of postmaster.pid (format of PostgreSQL's pidfile.h)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return (lines[4], lines[3]) if len(lines) > 4 and lines[4] else None
