"""A web server that takes webhooks for a test and answers them as told."""

import json
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Webhook:
    """One request as it arrived; header names in lower case."""

    headers: dict[str, str]
    raw: bytes

    @property
    def topic(self) -> str:
        """``orders/create``."""
        return self.headers["x-shopify-topic"]

    @property
    def body(self) -> dict[str, Any]:
        """The parsed body."""
        return dict(json.loads(self.raw))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The usual five are fewer than the sender's connections; the rest would wait a second and fail.
    request_queue_size = 128


class Receiver:
    """``statuses`` are answered one after the other, then 200; what arrived is in ``webhooks``."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = deque(statuses)
        self.webhooks: list[Webhook] = []
        self.always: int | None = None
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where to send."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/hooks"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, count: int, topic: str | None = None, seconds: float = 10.0) -> list[Webhook]:
        """The first ``count`` webhooks (of a topic) as soon as they are there."""

        def found() -> list[Webhook]:
            return [one for one in self.webhooks if topic in (None, one.topic)]

        with self._arrived:
            enough = self._arrived.wait_for(lambda: len(found()) >= count, seconds)
            assert enough, f"{len(found())} of {count} webhooks came: {[one.topic for one in self.webhooks]}"
            return found()[:count]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:  # the name http.server looks for
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver._take(Webhook({name.lower(): text for name, text in self.headers.items()}, raw))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _take(self, webhook: Webhook) -> int:
        with self._arrived:
            self.webhooks.append(webhook)
            self._arrived.notify_all()
            if self.always is not None:
                return self.always
            return self.statuses.popleft() if self.statuses else 200
