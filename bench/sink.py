"""A partner's endpoint that costs next to nothing: it notes the time, keeps the bytes and says 200."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from standardwebhooks.webhooks import Webhook

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


class Arrival(NamedTuple):
    """One POST as it came; `at` is time.perf_counter()."""

    at: float
    head: bytes
    body: bytes

    def is_signed_with(self, secret: str) -> bool:
        """Verify as a partner would, with the library; raises when the signature is wrong."""
        lines = self.head.decode().split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        Webhook(secret).verify(self.body, headers, json_parse=False)
        return True


class Sink(socketserver.ThreadingTCPServer):
    """Listens on a free port; `arrivals` is in order of arrival."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Partner)
        self.arrivals: list[Arrival] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/events"


class _Partner(socketserver.BaseRequestHandler):
    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        assert isinstance(self.server, Sink)
        received = b""
        while chunk := self.request.recv(65_536):
            received += chunk
            while (end := received.find(b"\r\n\r\n")) >= 0:
                head, rest = received[:end], received[end + 4 :]
                length = _length(head)
                if len(rest) < length:
                    break
                self.server.arrivals.append(Arrival(time.perf_counter(), head, rest[:length]))
                self.request.sendall(ANSWER)
                received = rest[length:]


def _length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    return int(lowered[start:].split(b"\r\n", 1)[0])


@contextmanager
def running() -> Iterator[Sink]:
    with Sink() as sink:
        thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
