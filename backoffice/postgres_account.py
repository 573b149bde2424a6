"""Whose the embedded PostgreSQL is. It refuses to run as root, so under root it gets an account of its own."""

import logging
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

ACCOUNT = "embedded_postgres"
logger = logging.getLogger(__name__)


def account_for(data: Path) -> str | None:
    """The account to run the server of `data` under; None means our own. A database keeps its owner."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return data.owner()
    return _ensure_account()


def _ensure_account() -> str:
    """Our own account; a machine that cannot make one (no useradd, read-only /etc) has `nobody`."""
    for name in (ACCOUNT, "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if useradd and name == ACCOUNT:
            command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return name
    raise RuntimeError("PostgreSQL does not run as root and no other account was found. Set DATABASE_URL.")


def id_of(account: str | None) -> int | None:
    """Its number; None for None."""
    return pwd.getpwnam(account).pw_uid if account else None


def identity_of(account: str) -> dict[str, Any]:
    """What `subprocess` needs to run something as `account` and as nobody else."""
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def own(directory: Path, account: str) -> None:
    """Hand one directory over."""
    entry = pwd.getpwnam(account)
    os.chown(directory, entry.pw_uid, entry.pw_gid)


def lend_to(account: str, programs: Path, data: Path) -> None:
    """Let `account` read and run the programs and reach the data: the least that does it.

    Parents become passable, not listable: whoever does not know a name below learns none.
    """
    me = pwd.getpwnam(account)
    opened = []
    for parent in sorted({*programs.parents, *data.absolute().parents}):
        found = parent.stat()
        if found.st_uid != me.pw_uid and not found.st_mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
            opened.append(str(parent))
    if opened:
        logger.warning("PostgreSQL does not run as root; its account may now pass through %s.", ", ".join(opened))
    package = programs.parent
    for tree in (programs, *package.parent.glob(f"{package.name}*.libs")):  # beside it are the libraries it brings
        for folder, _, files in os.walk(tree):
            for path in (Path(folder), *(Path(folder, name) for name in files)):
                _make_readable(path)


def _make_readable(path: Path) -> None:
    mode = stat.S_IMODE(path.lstat().st_mode)
    readable = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
    if mode != readable and not path.is_symlink():
        path.chmod(readable)
