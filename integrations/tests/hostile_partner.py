"""Runs every behaviour of `hostile`, each on a port of its own, in a process of its own; with a good partner beside.

    python -m integrations.tests.hostile_partner FOLDER

prints one line of JSON (urls by name, ca_file) and then, for every line it reads, one with what it has seen so far.
"""

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from integrations.tests.certificates import Authority
from integrations.tests.hostile import BEHAVIOURS, GOOD, Behaviour
from integrations.tests.visit import Visit

GOOD_PARTNER, TRAP, BLACK_HOLE = "a good partner", "the trap", "a black hole"


class Hostile:
    """The other process. `urls` by behaviour's name, and `seen()`: connections and bytes of requests by name."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.urls: dict[str, str]
        self.ca_file: str
        self.urls, self.ca_file = json.loads(self._line())

    def seen(self) -> dict[str, dict[str, int]]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def running(folder: Path) -> Iterator[Hostile]:
    command = [sys.executable, "-W", "ignore", "-m", "integrations.tests.hostile_partner", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Hostile(process)
        finally:
            process.kill()


class Partner:
    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.connections: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.urls: dict[str, str] = {}
        self.kept: list[socket.socket] = []
        self._listen(TRAP, _good)
        self._listen(GOOD_PARTNER, _good)
        for behaviour in BEHAVIOURS.values():
            self._listen(behaviour.name, behaviour.play, self._tls(behaviour))
            if behaviour.tls:
                self.urls[behaviour.name] = self.urls[behaviour.name].replace("http:", "https:")
        self._dig()

    def seen(self) -> dict[str, dict[str, int]]:
        return {"connections": dict(self.connections), "received": dict(self.received)}

    def _tls(self, behaviour: Behaviour) -> ssl.SSLContext | None:
        kind = behaviour.tls
        if kind in ("", "none"):
            return None
        host = "example.com" if kind == "wrong host" else "127.0.0.1"
        days = -1 if kind == "expired" else 30
        pem = self.authority.issue(f"{kind}.pem", host, days=days, self_signed=kind == "self-signed")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        if kind.startswith("TLS 1."):
            context.set_ciphers("ALL:@SECLEVEL=0")
            version = ssl.TLSVersion.TLSv1 if kind == "TLS 1.0" else ssl.TLSVersion.TLSv1_1
            context.minimum_version = version
            context.maximum_version = version
        return context

    def _listen(self, name: str, play: Callable[[Visit], object], tls: ssl.SSLContext | None = None) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.urls[name] = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        threading.Thread(target=self._accept, args=[listener, name, play, tls], daemon=True).start()

    def _accept(self, listener: socket.socket, name: str, play: Callable, tls: ssl.SSLContext | None) -> None:
        while True:
            sock = listener.accept()[0]
            self.connections[name] += 1
            threading.Thread(target=self._serve, args=[sock, name, play, tls], daemon=True).start()

    def _serve(self, sock: socket.socket, name: str, play: Callable, tls: ssl.SSLContext | None) -> None:
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                sock.settimeout(20)
                sock = tls.wrap_socket(sock, server_side=True)
            counted = Counted(self, name, sock)
            play(counted)
        with suppress(OSError):
            sock.close()

    def _dig(self) -> None:
        """A port whose queue of connections is full: the next one is not answered at all."""
        hole = socket.socket()
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        self.urls[BLACK_HOLE] = f"http://127.0.0.1:{hole.getsockname()[1]}/hook"
        for _ in range(4):
            visitor = socket.socket()
            visitor.setblocking(False)
            with suppress(BlockingIOError):
                visitor.connect(hole.getsockname())
            self.kept.append(visitor)
        self.kept.append(hole)


class Counted(Visit):
    """Counts what it is sent."""

    def __init__(self, partner: Partner, name: str, sock: socket.socket) -> None:
        super().__init__(sock, partner.urls[TRAP])
        self._partner = partner
        self._name = name

    def _more(self) -> bytes:
        chunk = super()._more()
        self._partner.received[self._name] += len(chunk)
        return chunk


def _good(visit: Visit) -> None:
    while True:
        visit.read()
        visit.say(GOOD)


def main() -> None:
    partner = Partner(Path(sys.argv[1]))
    sys.stdout.write(json.dumps([partner.urls, str(partner.authority.ca_file)]) + "\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(partner.seen()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
