"""A door in front of the local Shopify: it counts what goes through, and can break at a chosen moment.

`mutations` names every mutation that reached the shop, in order. `lose("orderUpdate")` lets the next one through and
cuts the line before its answer comes back: the shop has done it, and we cannot know. `before("orderUpdate", act)` does
something at the shop just before the next one reaches it. `instead("ReadOrder", answer)` answers the next query or
mutation of this name in the shop's place.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

OPERATION = re.compile(r"^\s*(?:query|mutation)\s+(\w+)")
NAME = re.compile(r"^\s*mutation[^{]*\{\s*(?:\w+\s*:\s*)?(\w+)")


@dataclass
class Door:
    url: str = ""
    mutations: list[str] = field(default_factory=list)
    variables: list[dict] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    acts: dict[str, Callable[[], None]] = field(default_factory=dict)
    answers: dict[str, dict] = field(default_factory=dict)

    def lose(self, *names: str) -> None:
        self.lost += names

    def before(self, name: str, act: Callable[[], None]) -> None:
        self.acts[name] = act

    def instead(self, operation: str, answer: dict) -> None:
        self.answers[operation] = answer

    def pass_on(self, shop_url: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes] | None:
        """The shop's answer, None when the line is to be cut."""
        asked = json.loads(body)
        found = NAME.match(asked["query"])
        name = found[1] if found else ""
        if act := self.acts.pop(name, None):
            act()
        if name:
            self.mutations.append(name)
            self.variables.append(asked["variables"])
        operation = OPERATION.match(asked["query"])
        if operation and operation[1] in self.answers:
            return 200, json.dumps(self.answers.pop(operation[1])).encode()
        answer = requests.post(shop_url + path, body, headers=headers, timeout=30)
        if name in self.lost:
            self.lost.remove(name)
            return None
        return answer.status_code, answer.content


@contextmanager
def opened(shop_url: str) -> Iterator[Door]:
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: self.headers[name] for name in ("Content-Type", "X-Shopify-Access-Token")}
            answer = door.pass_on(shop_url, self.path, body, kept)
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: a test asserts on what went through."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    door.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
