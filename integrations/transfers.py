"""Partner webhooks: hundreds of requests at the same time on one thread, by libcurl.

The same promises as `transport.post` (addresses.py, answers.py): connect within 3 s, all over within 15 s, at most
64 kB of the body, bounded headers, no redirects, no proxy, no cookies, TLS 1.2 or newer with verified certificates.

* The address is judged when the socket is opened. A kept connection was judged when it was opened, serves the same
  scheme, host and port only, and is closed after five minutes, so a name that moved is judged again.
* A kept connection that the partner has closed meanwhile is noticed by libcurl. When it breaks before the first byte
  of the answer, libcurl repeats the request once on a fresh connection, as HTTP/1.1 clients do: the partner may then
  see the same webhook-id twice, which that key is for. After the first byte of an answer nothing is repeated.
* One object belongs to one thread. Make it after a fork: both sides would write to the same sockets.
"""

import os
import select
import socket
import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass

import certifi
import pycurl

from integrations.addresses import check_address, may_connect
from integrations.answers import (
    CONNECT_SECONDS,
    DEADLINE_SECONDS,
    KEPT_BYTES,
    MOST_HEADER_BYTES,
    USER_AGENT,
    Answer,
    are_lengths_bad,
    check_headers,
    headers_of,
)
from integrations.errors import GiveUp, RetryLater

KEPT_SECONDS = 60  # a connection nobody used for that long is not used again; most servers hang up by then
LIFE_SECONDS = 300  # and none is used longer than that
MOST_READS = 1000  # times a socket may have something to read within one request; 64 kB come in a hundred

Outcome = Answer | RetryLater | GiveUp

_TO_EPOLL = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_TLS_ERRORS = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_INVALIDCERTSTATUS,
        pycurl.E_SSL_CACERT_BADFILE,
    }
)
_HUNG_UP_IN_TLS = ("reset by peer", "eof while reading", "SSL_ERROR_SYSCALL", "Broken pipe")


@dataclass(frozen=True, slots=True)
class Request:
    """One POST. `headers` are sent as they are, beside Host, Content-Length and User-Agent."""

    url: str
    body: bytes
    headers: dict[str, str]


class Transfers:
    """Many requests at the same time on one thread."""

    def __init__(self, most: int = 256, *, deadline: float = DEADLINE_SECONDS, ca_file: str | None = None,
                 resolve: tuple[str, ...] = ()) -> None:  # fmt: skip
        """`most` requests at once, each over after `deadline` seconds.

        `ca_file` takes the place of certifi's certificates; `resolve` answers for the DNS, as `host:port:address,…`.
        """
        self.most = most
        self._deadline = deadline
        self._ca_file = ca_file or certifi.where()
        self._resolve = list(resolve)
        self._epoll = select.epoll()
        self._reads: dict[int, int] = {}  # by file descriptor, since libcurl began to watch it
        self._timer: float | None = None  # when libcurl wants to be called next, time.monotonic()
        self._running: dict[pycurl.Curl, _Transfer] = {}
        self._idle: list[_Transfer] = []
        self._ended: list[tuple[Hashable, Outcome]] = []
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, most)  # kept open in all; the oldest idle one goes first

    @property
    def in_flight(self) -> int:
        """Started and not yet handed back by `wait`."""
        return len(self._running) + len(self._ended)

    def start(self, key: Hashable, request: Request) -> None:
        """Begin one POST; its outcome comes out of `wait` under `key`.

        Nothing that the request contains raises: a refused address is an outcome. More than `most` is the caller's
        mistake and raises RuntimeError.
        """
        if self.in_flight >= self.most:
            raise RuntimeError(f"{self.most} requests are in flight already.")
        try:
            allowed = check_address(request.url)
            check_headers(request.headers)
        except GiveUp as refused:
            self._ended.append((key, refused))
            return
        transfer = self._idle.pop() if self._idle else _Transfer(self._new_handle())
        try:
            transfer.prepare(key, request, allowed)
            self._multi.add_handle(transfer.handle)
        except pycurl.error as error:
            transfer.handle.close()
            self._ended.append((key, GiveUp(f"Bad request: {_short(error.args[-1])}", parked="configuration")))
            return
        self._running[transfer.handle] = transfer

    def wait(self, seconds: float, *also: int) -> list[tuple[Hashable, Outcome]]:
        """Move everything on; return what has ended.

        Returns as soon as at least one transfer has ended, one of the file descriptors `also` can be read, or `seconds`
        are over; the list is empty in the last two cases.
        """
        until = time.monotonic() + seconds
        woken = False
        for number in also:
            self._epoll.register(number, select.EPOLLIN)
        try:
            while True:
                now = time.monotonic()
                rest = 0.0 if self._ended or woken else max(0.0, until - now)
                if self._timer is not None:
                    rest = min(rest, max(0.0, self._timer - now))
                for number, happened in self._epoll.poll(rest):
                    if number in also:
                        woken = True
                    else:
                        self._act(number, happened)
                if self._timer is not None and time.monotonic() >= self._timer:
                    self._timer = None
                    self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
                self._collect()
                if self._ended or woken or time.monotonic() >= until:
                    ended, self._ended = self._ended, []
                    return ended
        finally:
            for number in also:
                self._epoll.unregister(number)

    def close(self) -> None:
        """Hang up on everything; what was in flight has no outcome."""
        for transfer in [*self._running.values(), *self._idle]:
            if transfer.handle in self._running:
                self._multi.remove_handle(transfer.handle)
            transfer.handle.close()
        self._running.clear()
        self._idle.clear()
        self._ended.clear()
        self._multi.close()
        self._epoll.close()

    def _act(self, number: int, happened: int) -> None:
        bits = 0
        if happened & (select.EPOLLIN | select.EPOLLHUP):
            bits |= pycurl.CSELECT_IN
            self._reads[number] = reads = self._reads.get(number, 0) + 1
            if reads == MOST_READS:
                _hang_up(number)
        if happened & select.EPOLLOUT:
            bits |= pycurl.CSELECT_OUT
        if happened & select.EPOLLERR:
            bits |= pycurl.CSELECT_ERR
        self._multi.socket_action(number, bits)

    def _collect(self) -> None:
        if not self._running:
            return
        waiting = 1
        while waiting:
            waiting, good, bad = self._multi.info_read()
            for handle in good:
                self._end(handle, pycurl.E_OK, "")
            for handle, code, message in bad:
                self._end(handle, code, message)

    def _end(self, handle: pycurl.Curl, code: int, message: str) -> None:
        transfer = self._running.pop(handle)
        self._ended.append((transfer.key, transfer.outcome(code, message, self._deadline)))
        self._multi.remove_handle(handle)
        transfer.forget()
        self._idle.append(transfer)

    def _watch(self, what: int, number: int, multi: pycurl.CurlMulti, data: object) -> None:
        """libcurl says what it waits for on a socket."""
        try:
            if what == pycurl.POLL_REMOVE:
                self._reads.pop(number, None)
                self._epoll.unregister(number)
            else:
                self._epoll.register(number, _TO_EPOLL[what])
        except FileExistsError:
            self._epoll.modify(number, _TO_EPOLL[what])
        except FileNotFoundError:
            return  # closed before it was let go

    def _set_timer(self, milliseconds: int) -> None:
        self._timer = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _new_handle(self) -> pycurl.Curl:
        """A handle with everything set that is the same for all requests."""
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
            (pycurl.CAINFO, self._ca_file),
            (pycurl.CONNECTTIMEOUT_MS, int(CONNECT_SECONDS * 1000)),
            (pycurl.TIMEOUT_MS, int(self._deadline * 1000)),
            (pycurl.DNS_CACHE_TIMEOUT, 60),
            (pycurl.MAXAGE_CONN, KEPT_SECONDS),
            (pycurl.MAXLIFETIME_CONN, LIFE_SECONDS),
            (pycurl.USERAGENT, USER_AGENT),
            (pycurl.POST, 1),
        ):
            handle.setopt(option, value)
        if self._resolve:
            handle.setopt(pycurl.RESOLVE, self._resolve)
        return handle


class _Transfer:
    """One handle and what is known of its request; used again for the next when this one has ended."""

    def __init__(self, handle: pycurl.Curl) -> None:
        self.handle = handle
        handle.setopt(pycurl.HEADERFUNCTION, self._take_header)
        handle.setopt(pycurl.WRITEFUNCTION, self._take_body)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        self.forget()

    def forget(self) -> None:
        self.key: Hashable = None
        self._allowed = False
        self._status = 0
        self._lines: list[bytes] = []
        self._in_head = False
        self._head_ended = False
        self._header_bytes = 0
        self._body = bytearray()
        self._cut = False  # the body was longer than what we keep
        self._fault = ""  # what we refuse to read on for
        self._blocked = ""  # an address that we refused to connect to
        self._opened = False  # a socket was opened to one that we did not
        self._handed_out: socket.socket | None = None

    def prepare(self, key: Hashable, request: Request, allowed: bool) -> None:
        self.key = key
        self._allowed = allowed
        self.handle.setopt(pycurl.URL, request.url)
        self.handle.setopt(pycurl.HTTPHEADER, _header_lines(request.headers))
        self.handle.setopt(pycurl.POSTFIELDS, request.body)

    def outcome(self, code: int, message: str, deadline: float) -> Outcome:
        """What libcurl's result code means for a delivery."""
        milliseconds = int(self.handle.getinfo(pycurl.TOTAL_TIME) * 1000)
        if self._blocked and not self._opened:
            return GiveUp(f"The name points to {self._blocked}, which is not public.", parked="blocked_address")
        if code == pycurl.E_OK or (self._cut and not self._fault):
            if not self._head_ended:
                return RetryLater("The answer broke off within its headers.")
            return Answer(self._status, self._headers(), bytes(self._body), milliseconds)
        status = self._status if self._head_ended else None
        if self._fault:
            return RetryLater(f"The answer is not HTTP as we take it: {self._fault}.", status=status)
        if code == pycurl.E_OPERATION_TIMEDOUT and milliseconds >= deadline * 1000:
            return RetryLater(f"No whole answer within {deadline:g} s.", status=status)
        if code in _TLS_ERRORS and not (code == pycurl.E_SSL_CONNECT_ERROR and _hung_up(message)):
            return GiveUp(f"TLS failed: {_short(message)}", parked="configuration")
        if code == pycurl.E_URL_MALFORMAT:
            return GiveUp(f"Bad address: {_short(message)}", parked="configuration")
        begin = "The answer broke off" if status else "No answer"
        return RetryLater(f"{begin}: {_short(message)}", status=status)

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
        if len(chunk) > room:
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
            return socket.socket(family, kind, protocol)
        except OSError as error:
            self._fault = str(error)
            return pycurl.SOCKET_BAD


def _header_lines(headers: dict[str, str]) -> list[bytes]:
    """As libcurl takes them: a header without a value is written with a semicolon."""
    lines = [b"Expect:"]  # none: `100-continue` costs a round trip and trips small servers
    for name, value in headers.items():
        lines.append((f"{name}: {value}" if value.strip() else f"{name};").encode("latin-1"))
    return lines


def _hang_up(number: int) -> None:
    """End the connection of this file descriptor; libcurl, whose it stays, reads an end of file.

    Chunk extensions and empty TLS records can be endless without ever reaching a callback that counts bytes.
    """
    with socket.socket(fileno=os.dup(number)) as sock, suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _hung_up(message: str) -> bool:
    """Whether TLS ended because the other side went away, which the next attempt may not see."""
    return any(sign in message for sign in _HUNG_UP_IN_TLS)


def _short(message: object) -> str:
    return str(message)[:200]
