"""How a partner's endpoint can misbehave: a table of name, behaviour and the outcome we promise.

`hostile_partner` runs it in a process of its own; the tests and the bench read what is expected. A behaviour is a
function of one accepted connection.
"""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from select import select

from integrations.tests.visit import Visit

ANY = -1
KEPT = 64 * 1024
MEGABYTE = b"x" * (1 << 20)
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = OK + b"Content-Length: 2\r\n\r\nok"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(bytes(50_000_000), 9, mtime=0)
PACKED_TWICE = gzip.compress(PACKED, 9, mtime=0)
DEFLATED = zlib.compress(bytes(50_000_000), 9)


Play = Callable[[Visit], object]


@dataclass(frozen=True)
class Expected:
    """`kind` is answer, later or a parked reason; what is ANY is not looked at; `after` is (least, most) seconds."""

    kind: str
    status: int | None = ANY
    length: int = ANY
    after: tuple[float, float] | int | None = ANY


@dataclass(frozen=True)
class Behaviour:
    name: str
    play: Play
    expected: Expected
    tls: str = ""  # a kind of certificate in hostile_partner, or "" for plain HTTP
    sends: int = 200  # bytes of the body that we POST


BEHAVIOURS: dict[str, Behaviour] = {}


def answered(status: int, length: int = ANY, after: tuple[float, float] | int | None = ANY) -> Expected:
    return Expected("answer", status, length, after)


def later(status: int | None = ANY) -> Expected:
    return Expected("later", status)


def add(name: str, play: Play, expected: Expected, *, tls: str = "", sends: int = 200) -> None:
    assert name not in BEHAVIOURS
    BEHAVIOURS[name] = Behaviour(name, play, expected, tls, sends)


def says(name: str, expected: Expected, *parts: bytes, tls: str = "", close: bool = True) -> None:
    """Reads the request, says `parts`, hangs up or waits for us to."""

    def play(visit: Visit) -> None:
        visit.read()
        visit.say(*parts)
        if not close:
            visit.stay()

    add(name, play, expected, tls=tls)


def then(*steps: Callable[[Visit], object]) -> Play:
    def play(visit: Visit) -> None:
        for step in steps:
            step(visit)

    return play


def say(part: bytes) -> Callable[[Visit], object]:
    return lambda visit: visit.say(part)


READ, STAY, RESET, HALF = Visit.read, Visit.stay, Visit.reset, Visit.half_close

# --- time -------------------------------------------------------------------------------------------
add("says nothing", then(READ, STAY), later(None))
add("stops within the headers", then(READ, say(OK + b"X-A: "), STAY), later(None))
add("stops before the body", then(READ, say(OK + b"Content-Length: 9\r\n\r\n"), STAY), later(200))
add("stops within a chunk", then(READ, say(CHUNKED + b"9\r\nab"), STAY), later(200))
add("drips its headers", then(READ, say(OK + b"X-A: "), lambda v: v.drip(b"x")), later(None))
add("drips header lines", then(READ, say(OK), lambda v: v.drip(b"X-A: b\r\n")), later(None))
add("drips its body", then(READ, say(OK + b"Content-Length: 900\r\n\r\n"), lambda v: v.drip(b"x")), later(200))
add("drips chunks", then(READ, say(CHUNKED), lambda v: v.drip(b"1\r\nx\r\n")), later(200))
add("drips 100 Continue", then(READ, lambda v: v.drip(b"HTTP/1.1 100 Continue\r\n\r\n")), later(None))
add("never reads our body", lambda v: select([], [], [], 20), later(None), sends=16 << 20)

# --- breaking off -----------------------------------------------------------------------------------
add("resets at once", RESET, later(None))
add("resets after the request", then(READ, RESET), later(None))
add("resets within the headers", then(READ, say(OK + b"X-A: "), RESET), later(None))
add(
    "resets within the body",
    then(READ, say(OK + b"Content-Length: 9\r\n\r\nab"), lambda v: v.stay(0.2), RESET),
    later(200),
)
add("closes at once", lambda v: None, later(None))
add("closes without an answer", then(READ), later(None))
says("closes within the status line", later(None), b"HTTP/1.1 20")
says("closes within the headers", later(None), OK + b"Content-Length: 0\r\nX-A: b")
says("closes after a header line", later(None), OK + b"Content-Length: 0\r\n")
says("closes within the body", later(200), OK + b"Content-Length: 9\r\n\r\nab")
add("half-closes without an answer", then(READ, HALF), later(None))
add("half-closes within the headers", then(READ, say(OK + b"X-A: "), HALF), later(None))
add("half-closes within the body", then(READ, say(OK + b"Content-Length: 9\r\n\r\nab"), HALF), later(200))
add("half-closes after the answer", then(READ, say(GOOD), HALF), answered(200, 2))

# --- too much ---------------------------------------------------------------------------------------
add("endless header lines", then(READ, say(OK), lambda v: v.for_ever(b"X-A: b\r\n" * 1000)), later(None))
add("one endless header line", then(READ, say(OK + b"X-A: "), lambda v: v.for_ever(MEGABYTE)), later(None))
says("a header of 1 MB", later(None), OK + b"X-A: ", MEGABYTE, b"\r\nContent-Length: 0\r\n\r\n")
says(
    "80 kB of headers",
    later(None),
    OK,
    b"X-A: " + b"b" * 993 + b"\r\n",
    *[b"X-A: " + b"b" * 993 + b"\r\n"] * 79,
    b"\r\n",
)
says("a header of 10 kB", answered(200, 2), OK + b"X-A: " + b"b" * 10_000 + b"\r\nContent-Length: 2\r\n\r\nok")
add("one endless status line", then(READ, lambda v: v.for_ever(b"HTTP/1.1 200 " + MEGABYTE)), later(None))
add("endless 100 Continue", then(READ, lambda v: v.for_ever(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)), later(None))
says("a body of 1 GB", answered(200, KEPT), OK + b"Content-Length: 1073741824\r\n\r\n", *repeat(MEGABYTE, 1024))
add("an endless body", then(READ, say(OK + b"\r\n"), lambda v: v.for_ever(MEGABYTE)), answered(200, KEPT))
add(
    "endless chunks",
    then(READ, say(CHUNKED), lambda v: v.for_ever(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
    answered(200, KEPT),
)
add(
    "endless chunks of one byte",
    then(READ, say(CHUNKED), lambda v: v.for_ever(b"1\r\nx\r\n" * 9999)),
    answered(200, ANY),  # cut sooner by the way that counts pieces
)
add("an endless chunk extension", then(READ, say(CHUNKED + b"1;"), lambda v: v.for_ever(MEGABYTE)), later(200))
add("endless trailers", then(READ, say(CHUNKED + b"0\r\n"), lambda v: v.drip(b"X-A: b\r\n" * 9999, 0.1)), later())
says(
    "a gzip bomb",
    answered(200, len(PACKED)),
    OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED),
    PACKED,
)
says("a gzip bomb in a gzip bomb", answered(200, len(PACKED_TWICE)),
     OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED_TWICE), PACKED_TWICE)  # fmt: skip
says(
    "a deflate bomb",
    answered(200, len(DEFLATED)),
    OK + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(DEFLATED),
    DEFLATED,
)
says("gzip as transfer encoding", later(), OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

# --- somewhere else ---------------------------------------------------------------------------------
for status in (301, 302, 303, 307, 308):

    def elsewhere(visit: Visit, status: int = status) -> None:
        visit.read()
        visit.say(b"HTTP/1.1 %d Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, visit.trap.encode()))

    add(f"redirects inside with {status}", elsewhere, answered(status, 0))
says(
    "redirects to a file",
    answered(302, 0),
    b"HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
)
says(
    "wants another protocol",
    Expected("answer or later", ANY),
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
)
says("offers another service", answered(200, 2), OK + b'Alt-Svc: h2=":1"\r\nContent-Length: 2\r\n\r\nok')
says(
    "asks for a password", answered(401, 0), b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
)

# --- TLS --------------------------------------------------------------------------------------------
says("TLS as it should be", answered(200, 2), GOOD, tls="good")
for kind in ("expired", "wrong host", "self-signed", "TLS 1.0", "TLS 1.1"):
    says(f"TLS: {kind}", Expected("configuration", None), GOOD, tls=kind)
add("TLS: speaks plain HTTP", then(lambda v: v.sock.recv(9), say(GOOD)), Expected("configuration", None), tls="none")
add("TLS: never answers the hello", STAY, later(None), tls="none")
add("TLS: closes in the handshake", lambda v: v.sock.recv(9999), later(None), tls="none")
add("TLS: resets in the handshake", then(lambda v: v.sock.recv(9), RESET), later(None), tls="none")
add(
    "TLS: drips its body",
    then(READ, say(OK + b"Content-Length: 900\r\n\r\n"), lambda v: v.drip(b"x")),
    later(200),
    tls="good",
)
says("TLS: closes within the body", later(200), OK + b"Content-Length: 9\r\n\r\nab", tls="good")

# --- please wait ------------------------------------------------------------------------------------
soon, past = datetime.now(UTC) + timedelta(hours=2), datetime.now(UTC) - timedelta(hours=2)
WAITS: list[tuple[str, str, tuple[float, float] | None]] = [
    ("seconds", "120", (120, 120)),
    ("a fraction", "1.5", (1.5, 1.5)),
    ("zero", "0", (0, 0)),
    ("a date", format_datetime(soon, usegmt=True), (6000, 7200)),
    ("a date without a zone", soon.strftime("%d %b %Y %H:%M:%S"), (6000, 7200)),
    ("a past date", format_datetime(past, usegmt=True), (0, 0)),
    ("a date in the year 9999", "Fri, 31 Dec 9999 23:59:59 GMT", (86400, 86400)),
    ("an absurd number", "9" * 400, (86400, 86400)),
    ("a negative number", "-5", None),
    ("an exponent", "1e9", None),
    ("not a number", "nan", None),
    ("words", "soon", None),
    ("nothing", "", None),
    ("two values", "5, 10", None),
]  # fmt: skip
for number, (form, value, after) in enumerate(WAITS):
    status = (429, 503)[number % 2]
    says(f"Retry-After: {form}", answered(status, 0, after),
         f"HTTP/1.1 {status} Wait\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n".encode())  # fmt: skip

# --- statuses ---------------------------------------------------------------------------------------
for status in (204, 304, 400, 404, 410, 429, 500, 503, 999):
    says(f"status {status}", answered(status, 0), b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
says("status 204 with a body", answered(204, 0), b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\nhello")
for word in (b"000", b"20", b"2000", b"OK", b"-1", b""):
    says(f"status {word.decode()!r}", later(None), b"HTTP/1.1 %s X\r\nContent-Length: 0\r\n\r\n" % word)
says("HTTP/1.0", answered(200, 2), b"HTTP/1.0 200 OK\r\n\r\nok")
says("HTTP/0.9", later(None), b"<html>hello</html>\n")
says("HTTP/9.9", later(None), b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n")
says("garbage", later(None), bytes(range(256)) * 40)
says("another protocol's greeting", later(None), b"220 mail.example ESMTP ready\r\n", close=False)
says("one 100 Continue", answered(200, 2), b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD)
says("twenty 100 Continue", answered(200, 2), b"HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n" * 20 + GOOD)
says("103 Early Hints", answered(200, 2), b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2 + GOOD)
says("102 Processing, then 100", answered(200, 2), b"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 100 C\r\n\r\n" + GOOD)

# --- lies -------------------------------------------------------------------------------------------
says("chunk size in words", later(200), CHUNKED + b"zz\r\nok\r\n0\r\n\r\n")
says("chunk size below zero", later(200), CHUNKED + b"-2\r\nok\r\n0\r\n\r\n")
says("chunk size beyond everything", later(200), CHUNKED + b"F" * 40 + b"\r\nok\r\n0\r\n\r\n")
says("a chunk longer than it says", later(200), CHUNKED + b"2\r\nokokok\r\n0\r\n\r\n")
says("chunks without an end", later(200), CHUNKED + b"2\r\nok\r\n")
says(
    "chunks with trailers",
    answered(200, 2),
    CHUNKED + b"2\r\nok\r\n0\r\nHTTP/1.1 500 X\r\nX-A: b\r\n\r\n"[:20] + b"X-A: b\r\n\r\n",
)
says(
    "chunks beside a length",
    answered(200, 2),
    OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
)
says("a length too short", answered(200, 2), OK + b"Content-Length: 2\r\n\r\nokokok")
says("a length too long", later(200), OK + b"Content-Length: 99\r\n\r\nok")
says("the same length twice", answered(200, 2), OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok")
says("two lengths", later(), OK + b"Content-Length: 2\r\nContent-Length: 4\r\n\r\nokok")
says("a negative length", later(), OK + b"Content-Length: -2\r\n\r\nok")
says("a length in words", later(), OK + b"Content-Length: two\r\n\r\nok")
says("a length beyond everything", later(), OK + b"Content-Length: " + b"9" * 60 + b"\r\n\r\nok")
says("two answers at once", answered(200, 2), GOOD + b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", close=False)
says("a header without a colon", later(), OK + b"no colon here\r\nContent-Length: 2\r\n\r\nok")
says("a folded header", answered(200, 2), OK + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok")
says("bare line feeds", answered(200, 2), b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
says("NUL in a header", later(), OK + b"X-A: b\0c\r\nContent-Length: 2\r\n\r\nok")
says("NUL in the body", answered(200, 4), OK + b"Content-Length: 4\r\n\r\no\0\xff\xfe")
says("other letters in a header", answered(200, 2), OK + "X-A: grüße 東京\r\nContent-Length: 2\r\n\r\nok".encode())
says("a cookie", answered(200, 2), OK + b"Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok")
add(
    "refuses before the body is read",
    then(say(b"HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n"), READ, STAY),
    answered(413, 0),
    sends=4 << 20,
)
add("agrees before the body is read", then(say(GOOD), READ, STAY), answered(200, 2), sends=4 << 20)
