"""Partner webhooks: hundreds of requests at the same time on one thread, by libcurl.

The same promises as `transport.post` (addresses.py, answers.py): connect within 3 s, all over within 15 s, at most
64 kB of the body, bounded headers, no redirects, no proxy, no cookies, TLS 1.2 or newer with verified certificates.

* The address is judged when the socket is opened. A kept connection was judged when it was opened, serves the same
  scheme, host and port only, and is closed after five minutes, so a name that moved is judged again.
* A kept connection that the partner has closed meanwhile is noticed by libcurl. When it breaks before the first line
  of the answer, libcurl repeats the request on another connection (five times at the most), as HTTP/1.1 clients do: the
  partner may then see the same webhook-id twice, which that key is for. After that line nothing is repeated.
* One object belongs to one thread. Make it after a fork: both sides would write to the same sockets.
"""

import os
import select
import socket
import time
from collections import deque
from collections.abc import Hashable
from contextlib import suppress

import certifi
import pycurl

from integrations.addresses import check_address, numeric
from integrations.answers import DEADLINE_SECONDS, check_headers
from integrations.errors import GiveUp, RetryLater
from integrations.handles import Handle, Outcome, Request, Started, short
from integrations.names import CONNECT_SECONDS, Names, Unresolved

__all__ = ["Outcome", "Request", "Transfers"]

MOST_READS = 200  # times a socket may have something to read within one request; 64 kB come in less than a hundred

_TO_EPOLL = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}


class Transfers:
    """Many requests at the same time on one thread."""

    def __init__(self, most: int = 256, *, deadline: float = DEADLINE_SECONDS, ca_file: str | None = None) -> None:
        """`most` requests at once, each over after `deadline` seconds; `ca_file` takes the place of certifi's."""
        self.most = most
        self._deadline = deadline
        self._ca_file = ca_file or certifi.where()
        self._epoll = select.epoll()
        self._reads: dict[int, int] = {}  # by file descriptor, since libcurl began to watch it
        self._timer: float | None = None  # when libcurl wants to be called next, time.monotonic()
        self._names = Names()
        self._epoll.register(self._names.fileno(), select.EPOLLIN)
        self._unresolved: deque[Started] = deque()  # wait for their names, the oldest first
        self._running: dict[pycurl.Curl, Handle] = {}
        self._idle: list[Handle] = []
        self._ended: list[tuple[Hashable, Outcome]] = []
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, most)  # kept open in all; the oldest idle one goes first

    @property
    def in_flight(self) -> int:
        """Started and not yet handed back by `wait`."""
        return len(self._running) + len(self._unresolved) + len(self._ended)

    def start(self, key: Hashable, request: Request) -> None:
        """Begin one POST; its outcome comes out of `wait` under `key`.

        Nothing that the request contains raises: a refused address is an outcome. More than `most` is the caller's
        mistake and raises RuntimeError.
        """
        if self.in_flight >= self.most:
            raise RuntimeError(f"{self.most} requests are in flight already.")
        try:
            target = check_address(request.url)
            check_headers(request.headers)
        except GiveUp as refused:
            self._ended.append((key, refused))
            return
        self._resolve(Started(key, request, target, time.monotonic()))

    def _resolve(self, started: Started) -> None:
        """Connect it when its name is known, otherwise let it wait."""
        host = started.target.host
        if numeric(host) is not None:
            self._connect(started, [])
            return
        addresses = self._names.addresses(host)
        if addresses is None:
            self._unresolved.append(started)
        elif isinstance(addresses, Unresolved):
            self._ended.append((started.key, RetryLater(f"No answer: {addresses}")))
        else:
            self._connect(started, addresses)

    def _connect(self, started: Started, addresses: list[str]) -> None:
        transfer = self._idle.pop() if self._idle else Handle(self._ca_file)
        try:
            transfer.prepare(started, addresses, self._deadline)
            self._multi.add_handle(transfer.curl)
        except pycurl.error as error:
            transfer.curl.close()
            refused = GiveUp(f"Bad request: {short(error.args[-1])}", parked="configuration")
            self._ended.append((started.key, refused))
            return
        self._running[transfer.curl] = transfer

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
                if self._unresolved:
                    rest = min(rest, max(0.0, self._unresolved[0].at + CONNECT_SECONDS - now))
                for number, happened in self._epoll.poll(rest):
                    if number in also:
                        woken = True
                    elif number == self._names.fileno():
                        self._go_on(self._names.ended())
                    else:
                        self._act(number, happened)
                if self._timer is not None and time.monotonic() >= self._timer:
                    self._timer = None
                    self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
                self._expire()
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
            if transfer.curl in self._running:
                self._multi.remove_handle(transfer.curl)
            transfer.curl.close()
        self._running.clear()
        self._unresolved.clear()
        self._idle.clear()
        self._ended.clear()
        self._multi.close()
        self._names.close()
        self._epoll.close()

    def _go_on(self, hosts: list[str]) -> None:
        """Connect what waited for these names."""
        waited, self._unresolved = self._unresolved, deque()
        for started in waited:
            if started.target.host in hosts:
                self._resolve(started)
            else:
                self._unresolved.append(started)

    def _expire(self) -> None:
        """Let go of what has waited for its name for too long."""
        while self._unresolved and time.monotonic() - self._unresolved[0].at >= CONNECT_SECONDS:
            started = self._unresolved.popleft()
            why = f"No answer: {started.target.host} was not resolved within {CONNECT_SECONDS:g} s"
            self._ended.append((started.key, RetryLater(why)))

    def _act(self, number: int, happened: int) -> None:
        bits = 0
        if happened & (select.EPOLLIN | select.EPOLLHUP):
            bits |= pycurl.CSELECT_IN
            if number in self._reads:  # not closed by an event just before this one
                self._reads[number] += 1
                if self._reads[number] == MOST_READS:
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
        self._ended.append((transfer.key, transfer.outcome(code, message)))
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
                self._reads[number] = 0
        except FileExistsError:
            self._epoll.modify(number, _TO_EPOLL[what])
        except FileNotFoundError:
            return  # closed before it was let go

    def _set_timer(self, milliseconds: int) -> None:
        self._timer = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


def _hang_up(number: int) -> None:
    """End the connection of this file descriptor; libcurl, whose it stays, reads an end of file.

    Chunk extensions and empty TLS records can be endless without ever reaching a callback that counts bytes.
    """
    with socket.socket(fileno=os.dup(number)) as sock, suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
