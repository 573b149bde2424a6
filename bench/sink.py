"""Partners' endpoints that cost next to nothing: one thread notes the time, keeps the bytes and says 200."""

import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from standardwebhooks.webhooks import Webhook

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


class Arrival(NamedTuple):
    """One POST as it came; `at` is time.perf_counter()."""

    at: float
    head: bytes
    body: bytes

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name."""
        lines = self.head.decode().split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def is_signed_with(self, secret: str) -> bool:
        """Verify as a partner would, with the library; raises when the signature is wrong."""
        Webhook(secret).verify(self.body, self.headers, json_parse=False)
        return True


class Sink:
    """Listens on a free port, any path; `arrivals` is in order of arrival.

    It answers `delay` seconds after a request has come, or never when `silent`.
    """

    def __init__(self, *, delay: float = 0.0, silent: bool = False) -> None:
        self.arrivals: list[Arrival] = []
        self._delay, self._silent = delay, silent
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{self.base}/events"
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._stop = os.eventfd(0)
        self._epoll.register(self._stop, select.EPOLLIN)
        self._visitors: dict[int, tuple[socket.socket, bytearray]] = {}
        self._answers: deque[tuple[float, int, socket.socket]] = deque()
        self._thread = threading.Thread(target=self._serve, name="sink", daemon=True)
        self._thread.start()

    def urls(self, count: int) -> list[str]:
        """`count` addresses of it that differ by path."""
        return [f"{self.base}/events/{number}" for number in range(count)]

    def close(self) -> None:
        """Hang up on everybody."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        for sock, _ in self._visitors.values():
            sock.close()
        self._listener.close()
        self._epoll.close()
        os.close(self._stop)

    def _serve(self) -> None:
        while True:
            for number, _ in self._epoll.poll(self._rest()):
                if number == self._stop:
                    return
                if number == self._listener.fileno():
                    self._accept()
                else:
                    self._read(number)
            while self._answers and self._answers[0][0] <= time.perf_counter():
                _, number, sock = self._answers.popleft()
                if self._visitors.get(number, (None,))[0] is sock:
                    self._answer(sock)

    def _rest(self) -> float | None:
        return max(0.0, self._answers[0][0] - time.perf_counter()) if self._answers else None

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._visitors[sock.fileno()] = (sock, bytearray())
        self._epoll.register(sock, select.EPOLLIN)

    def _read(self, number: int) -> None:
        sock, received = self._visitors[number]
        chunk = b""
        with suppress(ConnectionError):
            chunk = sock.recv(65_536)
        if not chunk:
            self._epoll.unregister(number)
            del self._visitors[number]
            sock.close()
            return
        received += chunk
        while (end := received.find(b"\r\n\r\n")) >= 0:
            whole = end + 4 + _length(received[:end])
            if len(received) < whole:
                return
            now = time.perf_counter()
            self.arrivals.append(Arrival(now, bytes(received[:end]), bytes(received[end + 4 : whole])))
            del received[:whole]
            if self._silent:
                continue
            if self._delay:
                self._answers.append((now + self._delay, number, sock))
            else:
                self._answer(sock)

    @staticmethod
    def _answer(sock: socket.socket) -> None:
        with suppress(ConnectionError):
            sock.sendall(ANSWER)


def _length(head: bytes | bytearray) -> int:
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    return int(lowered[start:].split(b"\r\n", 1)[0])


@contextmanager
def running(*, delay: float = 0.0, silent: bool = False) -> Iterator[Sink]:
    """A sink, gone afterwards."""
    sink = Sink(delay=delay, silent=silent)
    try:
        yield sink
    finally:
        sink.close()
