"""One attempt to ask another system: its limits and what came back, the same whichever way we asked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from integrations.errors import GiveUp

DEADLINE_SECONDS = 15.0
KEPT_BYTES = 64 * 1024  # of the body
MOST_HEADER_BYTES = 64 * 1024  # of all header lines together, interim answers included
MOST_RETRY_AFTER = 24 * 3600.0  # an absurd Retry-After must not silence a connection for good
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
USER_AGENT = "BackOffice-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in lower case, the first `KEPT_BYTES` of the body as they came (not unpacked)."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def headers_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case, repeated ones joined with a comma, NULs made visible (PostgreSQL stores none)."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower().replace("\x00", "\N{REPLACEMENT CHARACTER}")
        value = value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def are_lengths_bad(values: Iterable[str]) -> bool:
    """Whether these Content-Length headers contradict each other or are no lengths: then nobody knows the end."""
    lengths = {value.strip() for value in values}
    return len(lengths) > 1 or any(not (n.isascii() and n.isdigit() and len(n) < 19) for n in lengths)


def check_headers(headers: dict[str, str]) -> None:
    """Raise GiveUp for what we cannot send, or what would end its line and begin another."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name) or any(sign in "\r\n\0" or sign > "\xff" for sign in value):
            raise GiveUp(f"The header {name!r:.100} cannot be sent.", parked="configuration")


def retry_after(answer: Answer) -> float | None:
    """Seconds the other side asks us to wait (`Retry-After` as a number or a date), None when it does not say."""
    raw = answer.headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        seconds = float(raw) if raw.replace(".", "", 1).isdecimal() else _until(raw)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, min(seconds, MOST_RETRY_AFTER))


def _until(date: str) -> float:
    at = parsedate_to_datetime(date)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
