"""A partner that keeps a diary of every arrival, verifies it with the official library, and fails at times."""

import hashlib
import json
import random
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from tests.chaos.checker import Arrival

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops"
HANGS_UP = 0


class Partner(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback; `arrivals` is in order of arrival. `misbehaves` is the share that fails.

    An event fails once at the most: the schedule's second wait is five minutes, which no run has.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, misbehaves: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Visitor)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/events"
        self.arrivals: list[Arrival] = []
        self.secret = ""
        self.misbehaves = misbehaves
        self.mistimed = 0  # signed at a moment that the library refuses: more than five minutes off
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._seen: set[str] = set()

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """Write one arrival down and say how to answer it: 200, 500, or hang up."""
        at, name = time.monotonic(), headers.get("webhook-id", "")
        valid, timely = self._verified(headers, body)
        event = json.loads(body)
        with self._lock:
            first = name not in self._seen
            self._seen.add(name)
            self.mistimed += not timely
            fails = first and self._dice.random() < self.misbehaves
            status = self._dice.choice((500, HANGS_UP)) if fails else 200
            order = (event["order"] or {}).get("id", "")
            digest = hashlib.sha256(body).hexdigest()[:16]
            self.arrivals.append(Arrival(at, name, event["id"], order, event["sequence"], status, valid, digest))
        return status

    def _verified(self, headers: dict[str, str], body: bytes) -> tuple[bool, bool]:
        """(signature right, moment right), both judged by the library."""
        judge = Webhook(self.secret)
        try:
            judge.verify(body, headers, json_parse=False)
            return True, True
        except Exception:  # noqa: BLE001 it raises whatever its decoding raises; the second look tells them apart
            pass
        try:
            moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            signed = judge.sign(headers["webhook-id"], moment, body.decode())
        except (KeyError, ValueError):
            return False, True
        return signed in headers.get("webhook-signature", "").split(" "), False

    def has(self, name: str) -> bool:
        return name in self._seen


class _Visitor(socketserver.BaseRequestHandler):
    server: Partner

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            while chunk := self.request.recv(65_536):
                received += chunk
                while (end := received.find(b"\r\n\r\n")) >= 0:
                    headers = _headers(received[:end])
                    stop = end + 4 + int(headers["content-length"])
                    if len(received) < stop:
                        break
                    status = self.server.receive(headers, received[end + 4 : stop])
                    if status == HANGS_UP:
                        return
                    self.request.sendall(OK if status == 200 else ERROR)
                    received = received[stop:]
        except OSError:
            return  # the sender was killed


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode().split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


@contextmanager
def listening(misbehaves: float = 0.0, seed: int = 1) -> Iterator[Partner]:
    """A partner on a thread of its own, gone afterwards."""
    with Partner(misbehaves, seed) as partner:
        thread = threading.Thread(target=partner.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield partner
        finally:
            partner.shutdown()
            thread.join()
