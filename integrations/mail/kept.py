"""Mails that a local trial keeps as files: erased with the customer they went to. Production keeps none."""

from collections.abc import Collection
from pathlib import Path

from django.conf import settings

from backoffice.console.mail import NAME


def erase_kept(public_ids: Collection[str]) -> int:
    """Delete every file with a mail of one of these messages; returns how many. Call it after the commit."""
    folder = Path(settings.EMAIL_FILE_PATH)
    if not public_ids or not folder.is_dir():
        return 0
    ours = [f"<{public_id}@".encode() for public_id in public_ids]
    found = [entry for entry in folder.iterdir() if NAME.fullmatch(entry.name) and _holds(entry, ours)]
    for entry in found:
        entry.unlink(missing_ok=True)
    return len(found)


def _holds(entry: Path, ids: Collection[bytes]) -> bool:
    try:
        raw = entry.read_bytes()
    except FileNotFoundError:
        return False
    return any(one in raw for one in ids)
