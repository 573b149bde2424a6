"""One connection that a hostile partner has accepted, and the manners it may show."""

import socket
import struct
from select import select


class Visit:
    """One accepted connection. Its methods end quietly when the other side hangs up: see `hostile_partner`."""

    def __init__(self, sock: socket.socket, trap: str) -> None:
        self.sock = sock
        self.trap = trap  # a URL that nobody may follow us to

    def read(self) -> bytes:
        """The whole request."""
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        lengths = [line for line in got[:end].lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = end + 4 + int(lengths[0].split(b":")[1])
        while len(got) < size:
            got += self._more()
        return got

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.sock.sendall(part)

    def for_ever(self, part: bytes) -> None:
        while True:
            self.sock.sendall(part)

    def drip(self, part: bytes, seconds: float = 0.4) -> None:
        """`part` again and again, slowly, until they hang up."""
        while True:
            self.sock.sendall(part)
            self.stay(seconds)

    def stay(self, seconds: float | None = None) -> None:
        """Read and say nothing, until they hang up or `seconds` are over."""
        while select([self.sock], [], [], seconds)[0]:
            self._more()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)
        self.stay()

    def _more(self) -> bytes:
        chunk = self.sock.recv(65536)
        if not chunk:
            raise ConnectionAbortedError("they hung up")
        return chunk
