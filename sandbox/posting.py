"""One webhook POST: a second to connect, five in all, redirects not followed, connections kept for the next one.

Written on the bare socket because only so does the limit hold for the whole exchange: HTTP libraries start the clock
anew with every read, and a receiver that sends a byte a second could hold them for ever.
"""

import socket
import ssl
import time
from urllib.parse import urlsplit

CONNECT_SECONDS = 1.0
TOTAL_SECONDS = 5.0
LONGEST_ANSWER = 65_536


class NoAnswer(Exception):
    """The receiver gave no complete answer in time; the text says what went wrong."""


class Poster:
    """Posts for one thread, keeping a connection per receiver."""

    def __init__(self, *, connect_seconds: float = CONNECT_SECONDS, total_seconds: float = TOTAL_SECONDS) -> None:
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._open: dict[tuple[str, str, int], socket.socket] = {}
        self._tls = ssl.create_default_context()

    def post(self, uri: str, headers: dict[str, str], body: bytes) -> int:
        """Send, and return the status of the answer; raises NoAnswer."""
        parts = urlsplit(uri)
        receiver = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        deadline = time.monotonic() + self._total_seconds
        kept = self._open.pop(receiver, None)
        try:
            if kept is not None:
                try:
                    return self._exchange(receiver, kept, request, deadline)
                except (ConnectionError, _Closed):
                    # The receiver had closed the kept connection: that is no failed try yet.
                    kept.close()
            return self._exchange(receiver, self._connect(receiver, deadline), request, deadline)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self._total_seconds:g} s") from None
        except _Closed:
            raise NoAnswer("connection closed without an answer") from None
        except (OSError, ValueError) as problem:
            raise NoAnswer(str(problem) or type(problem).__name__) from problem

    def close(self) -> None:
        """Close the kept connections."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _connect(self, receiver: tuple[str, str, int], deadline: float) -> socket.socket:
        scheme, host, port = receiver
        try:
            connection = socket.create_connection((host, port), timeout=self._connect_seconds)
        except TimeoutError:
            raise NoAnswer(f"no connection within {self._connect_seconds:g} s") from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if scheme != "https":
            return connection
        connection.settimeout(_left(deadline))
        return self._tls.wrap_socket(connection, server_hostname=host)

    def _exchange(
        self, receiver: tuple[str, str, int], connection: socket.socket, request: bytes, deadline: float
    ) -> int:
        try:
            connection.settimeout(_left(deadline))
            connection.sendall(request)
            head, body = _head(connection, deadline)
            status, fields = _parsed(head)
            length = fields.get("content-length", "0" if status == 204 else "")
            if not length.isdigit() or int(length) > LONGEST_ANSWER or fields.get("connection", "").lower() == "close":
                connection.close()
                return status
            while len(body) < int(length):
                body += _more(connection, deadline)
        except BaseException:
            connection.close()
            raise
        self._open[receiver] = connection
        return status


class _Closed(Exception):
    """The other side closed before its answer was complete."""


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _more(connection: socket.socket, deadline: float) -> bytes:
    connection.settimeout(_left(deadline))
    chunk = connection.recv(LONGEST_ANSWER)
    if not chunk:
        raise _Closed
    return chunk


def _head(connection: socket.socket, deadline: float) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        if len(received) > LONGEST_ANSWER:
            raise ValueError("the answer's head is too long")
        received += _more(connection, deadline)
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        raise ValueError("the answer is not HTTP")
    fields = (line.partition(":") for line in lines)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in fields}
