"""The result of a bulk operation on its way to our disk: in pieces, by ranges, as far as it has come.

A spool file holds personal data: only its owner may read it, and it is removed as soon as it is loaded, or swept away
when its pass was not carried to its end (`backfill.sweep`).
"""

import re
from pathlib import Path

from django.conf import settings

from backoffice import failpoints
from integrations import transport
from integrations.errors import RetryLater

_TOTAL = re.compile(r"bytes \d+-\d+/(\d+)")


class Gone(Exception):
    """The address does not give the file any more: it is signed for a while, and kept for seven days."""


def path_of(run: str) -> Path:
    """Where the file of the pass with this public id is kept."""
    directory: Path = settings.VAR_DIR / "history"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory / f"{run}.jsonl"


def kept() -> set[str]:
    """Public ids of the passes whose files are on this host."""
    return {path.stem for path in path_of("any").parent.glob("*.jsonl")}


def fetch(url: str, path: Path, *, seconds: float) -> bool:
    """Fetch what is still missing of the file, for `seconds` at the most; True when it is whole.

    Raises Gone, RetryLater (what has come until then is kept), GiveUp for an address we may not ask.
    """
    have = path.stat().st_size if path.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with transport.opened(url, headers, seconds=seconds) as (status, answered, pieces):
        if status == 416 and have:
            return True
        if status in (401, 403, 404, 410):
            raise Gone(f"The file's address answers {status}.")
        if status not in (200, 206):
            raise RetryLater(f"The file's address answers {status}.", status=status)
        if status == 200:
            have = 0  # it gives no ranges: from the beginning
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            file.truncate(have)
            file.seek(have)
            for piece in pieces:
                file.write(piece)
                failpoints.reach("history.fetching")
    known = _TOTAL.match(answered.get("content-range", ""))
    total = int(known[1]) if known else have + int(answered["content-length"]) if "content-length" in answered else None
    return total is None or path.stat().st_size >= total
