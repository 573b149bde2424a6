"""One libcurl handle: how it is set, what it takes in of an answer, and what its end means for a delivery."""

import socket
import time
from collections.abc import Hashable
from dataclasses import dataclass

import pycurl

from integrations.addresses import Target, may_connect
from integrations.answers import (
    KEPT_BYTES,
    MOST_HEADER_BYTES,
    USER_AGENT,
    Answer,
    are_lengths_bad,
    headers_of,
)
from integrations.errors import GiveUp, RetryLater
from integrations.names import CONNECT_SECONDS, KNOWN_SECONDS

KEPT_SECONDS = 60  # a connection nobody used for that long is not used again; most servers hang up by then
LIFE_SECONDS = 300  # and none is used longer than that
READ_BYTES = 4096  # at once; answers are short
MOST_PIECES = 200  # that a body may come in: endless one-byte chunks cost as much as fifty answers

Outcome = Answer | RetryLater | GiveUp

# Not among them: a certificate file of ours that cannot be read, which no delivery should be parked for.
_TLS_ERRORS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_INVALIDCERTSTATUS,
    }
)
_HUNG_UP_IN_TLS = ("reset by peer", "eof while reading", "SSL_ERROR_SYSCALL", "Broken pipe")


@dataclass(frozen=True, slots=True)
class Request:
    """One POST. `headers` are sent as they are, beside Host, Content-Length and User-Agent."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Started:
    """A request on its way, since `at` (time.monotonic())."""

    key: Hashable
    request: Request
    target: Target
    at: float


class Handle:
    """One handle and what is known of its request; used again for the next when this one has ended."""

    def __init__(self, ca_file: str) -> None:
        self.curl = handle = _new(ca_file)
        handle.setopt(pycurl.HEADERFUNCTION, self._take_header)
        handle.setopt(pycurl.WRITEFUNCTION, self._take_body)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        self.forget()

    def forget(self) -> None:
        self.key: Hashable = None
        self._at = 0.0
        self._deadline = 0.0
        self._allowed = False
        self._status = 0
        self._lines: list[bytes] = []
        self._in_head = False
        self._head_ended = False
        self._header_bytes = 0
        self._body = bytearray()
        self._pieces = 0
        self._cut = False  # the body was longer than what we keep
        self._fault = ""  # what we refuse to read on for
        self._blocked = ""  # an address that we refused to connect to
        self._opened = False  # a socket was opened to one that we did not

    def prepare(self, started: Started, addresses: list[str], deadline: float) -> None:
        """Set what is this request's own; `addresses` are its host's when that is a name."""
        self.key = started.key
        self._at = started.at
        self._deadline = deadline
        self._allowed = started.target.allowed
        waited = time.monotonic() - started.at
        self.curl.setopt(pycurl.TIMEOUT_MS, max(1, int((deadline - waited) * 1000)))
        self.curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int((CONNECT_SECONDS - waited) * 1000)))
        self.curl.setopt(pycurl.URL, started.request.url)
        self.curl.setopt(pycurl.HTTPHEADER, _header_lines(started.request.headers))
        self.curl.setopt(pycurl.POSTFIELDS, started.request.body)
        if addresses:
            known = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
            # With the plus libcurl forgets them as it forgets others; without it they would stay for ever.
            self.curl.setopt(pycurl.RESOLVE, [f"+{started.target.host}:{started.target.port}:{known}"])

    def outcome(self, code: int, message: str) -> Outcome:
        """What libcurl's result code means for a delivery."""
        milliseconds = int((time.monotonic() - self._at) * 1000)
        if self._blocked and not self._opened:
            return GiveUp(f"The name points to {self._blocked}, which is not public.", parked="blocked_address")
        if code == pycurl.E_OK or (self._cut and not self._fault):
            if not self._head_ended:
                return RetryLater("The answer broke off within its headers.")
            return Answer(self._status, self._headers(), bytes(self._body), milliseconds)
        status = self._status if self._head_ended else None
        if self._fault:
            return RetryLater(f"The answer is not HTTP as we take it: {self._fault}.", status=status)
        if code == pycurl.E_OPERATION_TIMEDOUT and milliseconds > self._deadline * 1000 - 50:
            return RetryLater(f"No whole answer within {self._deadline:g} s.", status=status)
        if code in _TLS_ERRORS and not (code == pycurl.E_SSL_CONNECT_ERROR and _hung_up(message)):
            return GiveUp(f"TLS failed: {short(message)}", parked="configuration")
        if code == pycurl.E_URL_MALFORMAT:
            return GiveUp(f"Bad address: {short(message)}", parked="configuration")
        begin = "The answer broke off" if status else "No answer"
        return RetryLater(f"{begin}: {short(message)}", status=status)

    def _headers(self) -> dict[str, str]:
        pairs = (line.decode("latin-1").partition(":")[::2] for line in self._lines)
        return headers_of((name.strip(), value.strip()) for name, value in pairs)

    # An exception inside these callbacks would be printed and swallowed, so they have nothing that raises.

    def _take_header(self, line: bytes) -> int | None:
        self._header_bytes += len(line)
        if self._header_bytes > MOST_HEADER_BYTES:
            self._fault = f"more than {MOST_HEADER_BYTES} bytes of headers"
            return -1
        if self._head_ended:
            return None  # a trailer after the body: counted, not kept
        if not self._in_head:
            self._in_head = True
            self._lines.clear()
            word, after = line[9:12], line[12:13]
            self._status = int(word) if word.isdigit() and after in b" \r\n" else 0
            if self._status < 100:
                self._fault = "no status of three digits"
                return -1
        elif line.strip(b"\r\n"):
            self._lines.append(line)
        else:
            self._in_head = False
            self._head_ended = self._status >= 200  # 1xx come before the answer, any number of them
            if self._head_ended and are_lengths_bad(self._lengths()):
                self._fault = "bad Content-Length"
                return -1
        return None

    def _lengths(self) -> list[str]:
        return [line[15:].decode("latin-1") for line in self._lines if line[:15].lower() == b"content-length:"]

    def _take_body(self, chunk: bytes) -> int | None:
        room = KEPT_BYTES - len(self._body)
        self._body += chunk[:room]
        self._pieces += 1
        if len(chunk) > room or self._pieces > MOST_PIECES:
            self._cut = True
            return -1  # hang up: reading to the end would have none
        return None

    def _open(self, purpose: int, address: tuple[int, int, int, tuple[str, int] | None]) -> socket.socket | int:
        family, kind, protocol, target = address
        if family not in (socket.AF_INET, socket.AF_INET6) or target is None:
            self._blocked = "no internet address"
            return pycurl.SOCKET_BAD
        if not may_connect(target[0], allowed=self._allowed):
            self._blocked = target[0]
            return pycurl.SOCKET_BAD
        self._opened = True
        try:
            return _Lent(family, kind, protocol)
        except OSError as error:
            self._fault = str(error)
            return pycurl.SOCKET_BAD


class _Lent(socket.socket):
    """libcurl takes a copy of the file descriptor; ours is closed, without a warning, when that is done."""

    def __del__(self) -> None:
        self.close()


def _header_lines(headers: dict[str, str]) -> list[bytes]:
    """As libcurl takes them: a header without a value is written with a semicolon."""
    lines = [b"Expect:"]  # none: `100-continue` costs a round trip and trips small servers
    for name, value in headers.items():
        lines.append((f"{name}: {value}" if value.strip() else f"{name};").encode("latin-1"))
    return lines


def _hung_up(message: str) -> bool:
    """Whether TLS ended because the other side went away, which the next attempt may not see."""
    return any(sign in message for sign in _HUNG_UP_IN_TLS)


def short(message: object) -> str:
    """As much of libcurl's words as a log line needs."""
    return str(message)[:200]


def _new(ca_file: str) -> pycurl.Curl:
    """A libcurl handle with everything set that is the same for all requests."""
    handle = pycurl.Curl()
    for option, value in (
        (pycurl.NOSIGNAL, 1),
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
        (pycurl.HTTP09_ALLOWED, 0),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.PROXY, ""),
        (pycurl.NOPROXY, "*"),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        (pycurl.CAINFO, ca_file),
        (pycurl.DNS_CACHE_TIMEOUT, int(KNOWN_SECONDS)),
        (pycurl.MAXAGE_CONN, KEPT_SECONDS),
        (pycurl.MAXLIFETIME_CONN, LIFE_SECONDS),
        (pycurl.BUFFERSIZE, READ_BYTES),
        (pycurl.USERAGENT, USER_AGENT),
        (pycurl.POST, 1),
    ):
        handle.setopt(option, value)
    return handle
