"""Photos that strangers send: taken in by size and digest, opened in a process of its own, kept only as a new picture.

Nothing here decodes anything. `photo_process.py` does, once per picture, in a child with hard limits; whether it
answers, refuses, dies or hangs, the caller gets a `Photo` or a `PhotoRefused`.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

MAX_BYTES = 15 * 1024 * 1024
CHUNK = 64 * 1024
WALL_SECONDS = 45.0
WAIT_SECONDS = 5.0
PROGRAM = Path(__file__).with_name("photo_process.py")
# As many at a time in each web process: an eager sender must not take all memory (a gigabyte each) or all threads.
_darkrooms = threading.BoundedSemaphore(2)

REFUSALS = {
    "empty": "This file is empty.",
    "too_large": "A photo has at most 15 MB.",
    "too_many_pixels": "A photo has at most 50 million pixels and 20,000 on a side.",
    "not_a_photo": "Send a JPEG, PNG, WebP or HEIC photo; this file is none of them, whatever its name says.",
    "damaged": "This photo is damaged or incomplete. Send it again, or take a new one.",
    "two_things": "This file is a picture and something else at once. Send the plain photo.",
    "too_costly": "This photo could not be opened within the limits of time and memory.",
    "busy": "Too many photos are being opened at this moment. Send it again in a few seconds.",
}
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class PhotoRefused(Exception):
    """The file is not taken. `code` is one of REFUSALS, the message its sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code])
        self.code = code


class Readable(Protocol):
    """Whatever a file can be read from piece by piece: an upload, a request's body, an open file."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Received:
    """The original as it was sent, in a nameless temporary file that is gone when it is closed."""

    file: IO[bytes]
    size: int
    sha256: str  # hexadecimal


@dataclass(frozen=True, slots=True)
class Photo:
    """The new picture: re-encoded, upright, without one byte of the original's notes."""

    picture: bytes
    thumbnail: bytes
    content_type: str  # image/jpeg or image/png
    width: int
    height: int
    fingerprint: int | None  # 64 bits, signed as PostgreSQL's bigint; None of a plain picture
    taken_at: str  # the camera's clock in ISO 8601, "" if it says nothing


@contextmanager
def received(source: Readable) -> Iterator[Received]:
    """Copy what is sent to a temporary file, piece by piece; raises PhotoRefused empty or too_large."""
    with tempfile.TemporaryFile() as file:
        digest, size = hashlib.sha256(), 0
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > MAX_BYTES:
                raise PhotoRefused("too_large")
            digest.update(chunk)
            file.write(chunk)
        if not size:
            raise PhotoRefused("empty")
        yield Received(file, size, digest.hexdigest())


def develop(original: Received) -> Photo:
    """Open the original in a child process and make the new picture of it; raises PhotoRefused.

    Takes a quarter of a second for a small photo and some seconds for a huge one: never call it in a transaction.
    """
    if not _darkrooms.acquire(timeout=WAIT_SECONDS):
        raise PhotoRefused("busy")
    try:
        with tempfile.TemporaryFile() as answer:
            _run(original.file, answer)
            answer.seek(0)
            return _read(answer)
    finally:
        _darkrooms.release()


def _run(original: IO[bytes], answer: IO[bytes]) -> None:
    """Files on both sides, no pipes: nobody waits for anybody, and the kernel bounds what is written."""
    original.flush()
    original.seek(0)
    child = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM)],
        stdin=original, stdout=answer, stderr=subprocess.DEVNULL, env={}, cwd="/", start_new_session=True,
    )  # fmt: skip
    try:
        child.wait(WALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise PhotoRefused("too_costly") from None
    finally:
        child.kill()
        child.wait()


def _read(answer: IO[bytes]) -> Photo:
    """The child's answer, believed only where it is checked: it may have been taken over by what it opened."""
    try:
        facts: dict[str, Any] = json.loads(answer.readline(1000))
        if "refused" in facts:
            raise PhotoRefused(facts["refused"])
        picture, thumbnail = answer.read(int(facts["picture"])), answer.read(int(facts["thumbnail"]))
        print_ = facts["fingerprint"]
        photo = Photo(
            picture=picture,
            thumbnail=thumbnail,
            content_type=next(kind for start, kind in _SIGNATURES.items() if picture.startswith(start)),
            width=int(facts["width"]),
            height=int(facts["height"]),
            fingerprint=None if print_ is None else int.from_bytes(int(print_).to_bytes(8), signed=True),
            taken_at=str(facts["taken_at"])[:25],
        )
    except (
        LookupError,
        ValueError,
        TypeError,
        OverflowError,
        MemoryError,
        StopIteration,
    ):  # it died, or wrote nonsense
        raise PhotoRefused("too_costly") from None
    if len(picture) != facts["picture"] or not thumbnail.startswith(b"\xff\xd8\xff"):
        raise PhotoRefused("too_costly")
    return photo
