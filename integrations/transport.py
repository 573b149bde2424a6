"""One request at a time: the way out for Shopify's API, its files, alerts and everything that waits for its answer.

The same promises as `transfers` (addresses.py, answers.py): an attempt connects within 3 s and ends within 15 s,
whatever the other side does. `requests` bounds single reads only, so a timer closes the socket at the deadline. No
redirects, no proxies or .netrc from the environment, certificates verified, bounded headers, at most 64 kB of the
answer kept. Every address of a name is judged at the moment of connecting: it cannot point inside after the check.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from io import BufferedIOBase
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from integrations.addresses import check_address, may_connect, names_allowed_host
from integrations.answers import (
    DEADLINE_SECONDS,
    KEPT_BYTES,
    MOST_HEADER_BYTES,
    USER_AGENT,
    Answer,
    are_lengths_bad,
    check_headers,
    headers_of,
    retry_after,
)
from integrations.errors import GiveUp, RetryLater
from integrations.names import CONNECT_SECONDS, Unresolved, look_up

__all__ = ["DEADLINE_SECONDS", "Answer", "check_address", "opened", "post", "retry_after"]

Opened = tuple[int, dict[str, str], Iterator[bytes]]
_threads = threading.local()


def post(url: str, body: bytes, headers: dict[str, str], *, keep: int = KEPT_BYTES) -> Answer:
    """POST `body` and return the answer, whatever its status.

    Raises RetryLater when no answer came in time, GiveUp(blocked_address or configuration) when none may be asked.
    """
    started = time.monotonic()
    with _hung_up_after(DEADLINE_SECONDS), _asked("POST", url, headers, body) as response:
        kept = _read(response, keep)
    milliseconds = int((time.monotonic() - started) * 1000)
    return Answer(response.status_code, headers_of(response.headers.items()), kept, milliseconds)


@contextmanager
def opened(
    url: str, headers: dict[str, str], *, seconds: float
) -> Iterator[tuple[int, dict[str, str], Iterator[bytes]]]:
    """GET a file of any size: status, headers, and its bytes in pieces as they come, for `seconds` in all.

    Raises as `post`, also from the pieces; what came before that is good, and a `Range` header asks for the rest.
    """
    with _hung_up_after(seconds), _asked("GET", url, headers) as response:
        yield response.status_code, headers_of(response.headers.items()), _pieces(response)


@contextmanager
def _asked(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Iterator[requests.Response]:
    check_address(url)
    check_headers(headers)
    try:
        response = _session().request(
            method, url, data=body, headers=headers, timeout=(CONNECT_SECONDS, DEADLINE_SECONDS), stream=True,
            allow_redirects=False,
        )  # fmt: skip
    except requests.exceptions.SSLError as error:
        if _hung_up_in_tls(error):
            raise RetryLater(f"No answer: {_short(error)}") from error
        raise GiveUp(f"TLS failed: {_short(error)}", parked="configuration") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise GiveUp(f"Bad address: {_short(error)}", parked="configuration") from error
    except OSError as error:  # all of requests' own are; and ours, when the certificates cannot be read
        raise RetryLater(f"No answer: {_short(error)}") from error
    with response:
        yield response


def _session() -> requests.Session:
    """This thread's kept session (connections stay open between requests)."""
    session: requests.Session | None = getattr(_threads, "session", None)
    if session is None:
        session = requests.Session()
        session.trust_env = False
        # Never packed: what is kept is bounded as it comes, and a small body cannot unpack into a large one.
        session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        adapter = HTTPAdapter()
        adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        _threads.session = session
    return session


class _Response(http.client.HTTPResponse):
    """Reads the head of an answer more strictly than the standard library, and passes over every 1xx, not only 100."""

    def begin(self) -> None:
        body = self.fp
        head: Any = _Head(body)
        self.fp = head
        try:
            super().begin()
        finally:
            if self.fp is head:
                self.fp = body
        if are_lengths_bad(self.headers.get_all("content-length", [])):
            raise http.client.HTTPException("Bad Content-Length")
        if self.headers.get("transfer-encoding", "chunked").lower() not in ("chunked", "identity"):
            raise http.client.HTTPException("A Transfer-Encoding that was not asked for")
        defects = (MissingHeaderBodySeparatorDefect, FirstHeaderLineIsContinuationDefect)
        if any(isinstance(defect, defects) for defect in self.headers.defects):
            raise http.client.HTTPException("A header line without a colon")

    def _read_status(self) -> tuple[str, int, str]:
        read: Any = super()._read_status  # type: ignore[misc]
        while True:
            version, status, reason = read()
            if status in (100, 101) or status >= 200:
                return version, status, reason
            while self.fp.readline().strip():
                pass


class _Head:
    """What http.client reads a head from: bounded in all, and an end of file within it is no end of the head."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._left = MOST_HEADER_BYTES

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self._stream.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise http.client.LineTooLong("head")
        if not line.endswith(b"\n"):
            raise http.client.RemoteDisconnected("The connection ended within the headers")
        if b"\0" in line:
            raise http.client.HTTPException("NUL in the headers")
        return line

    def close(self) -> None:
        self._stream.close()


class _Connection(HTTPConnection):
    """Tells the deadline which socket is in use; a pooled connection may be older than the attempt."""

    response_class = _Response

    def request(self, *args: Any, **kwargs: Any) -> None:
        _threads.connection = self
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _TlsConnection(HTTPSConnection):
    response_class = _Response

    def request(self, *args: Any, **kwargs: Any) -> None:
        _threads.connection = self
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _connect(connection: HTTPConnection) -> socket.socket:
    """A socket to the first address of the host that may be connected to and answers, within CONNECT_SECONDS in all."""
    until = time.monotonic() + CONNECT_SECONDS
    try:
        found = look_up(connection._dns_host)
    except Unresolved as error:
        raise NewConnectionError(connection, str(error)) from error
    allowed = names_allowed_host(connection._dns_host)
    good = [address for address in found if may_connect(address, allowed=allowed)]
    if not good:
        raise GiveUp(f"{connection.host} points to {found[0]}, which is not public.", parked="blocked_address")
    problem: OSError = TimeoutError(f"no answer within {CONNECT_SECONDS:g} s")
    for address in good:
        if (left := until - time.monotonic()) <= 0:
            break
        try:
            sock = socket.create_connection((address, connection.port), timeout=left)
        except OSError as error:
            problem = error
            continue
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(CONNECT_SECONDS)  # the handshake; urllib3 sets the time to read afterwards
        return sock
    raise NewConnectionError(connection, f"cannot connect to {connection.host}: {problem}") from problem


@contextmanager
def _hung_up_after(seconds: float) -> Iterator[None]:
    """Close this thread's socket after `seconds`, whatever the other side drips: headers, body or nothing."""
    mine = _threads.__dict__
    mine["connection"] = mine["hung_up"] = None
    timer = threading.Timer(seconds, _hang_up, [mine])
    timer.daemon = True
    timer.start()
    try:
        yield
    except (RetryLater, GiveUp) as error:
        if mine["hung_up"]:  # what a socket says that we closed is no word of the other side
            status = error.status
            raise RetryLater(f"No whole answer within {seconds:g} s.", status=status) from error
        raise
    finally:
        timer.cancel()
    if mine["hung_up"]:  # a body without a length looks complete when its socket is closed
        raise RetryLater(f"No whole answer within {seconds:g} s.")


def _hang_up(thread_state: dict[str, Any]) -> None:
    thread_state["hung_up"] = True
    sock = getattr(thread_state.get("connection"), "sock", None)
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already


def _read(response: requests.Response, keep: int) -> bytes:
    """At most `keep` bytes of the body as they came. A longer body is cut, never read to its end."""
    kept = bytearray()
    for piece in _pieces(response, 8192):
        kept += piece
        if len(kept) > keep:
            # Reading on would reuse the connection; hanging up is bounded.
            response.raw.close()
            break
    return bytes(kept[:keep])


def _pieces(response: requests.Response, size: int = 1 << 18) -> Iterator[bytes]:
    try:
        yield from response.raw.stream(size, decode_content=False)
    except (HTTPError, ValueError) as error:  # a negative chunk size comes as ValueError
        raise RetryLater(f"The answer broke off: {_short(error)}", status=response.status_code) from error


def _hung_up_in_tls(error: BaseException) -> bool:
    """Whether the handshake ended because the other side went away, which the next attempt may not see."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
            return True
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = inner if isinstance(inner, BaseException) else seen.__cause__
    return False


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
