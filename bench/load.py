"""A light load generator: one thread, raw sockets, requests built beforehand; it takes little of the machine."""

import gc
import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.bodies import Webhook

OK = b"HTTP/1.1 200 "


@dataclass(slots=True)
class Load:
    """What came back."""

    seconds: float = 0.0
    accepted: list[Webhook] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0  # of this generator

    @property
    def rate(self) -> float:
        return len(self.accepted) / self.seconds


def post_all(
    address: tuple[str, int], webhooks: Iterable[Webhook], *, connections: int, seconds: float | None = None
) -> Load:
    """Keep `connections` kept-alive connections busy for `seconds`; each sends its next when its last is answered.

    Without `seconds` until all are posted; with them, RuntimeError when there were too few.
    """
    load, waiting = Load(), iter(webhooks)
    sockets = {s.fileno(): s for s in (socket.create_connection(address) for _ in range(connections))}
    poll = select.epoll()
    under_way: dict[int, tuple[Webhook, float]] = {}
    gc.collect()
    gc.disable()
    cpu, began = time.process_time(), time.perf_counter()
    try:
        for number, sock in sockets.items():
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            poll.register(number, select.EPOLLIN)
            under_way[number] = _send(sock, next(waiting))
        while under_way:
            for number, _ in poll.poll():
                webhook, sent_at = under_way.pop(number)
                answer = sockets[number].recv(65_536)
                now = time.perf_counter()
                load.milliseconds.append((now - sent_at) * 1000)
                if not answer:
                    raise ConnectionError("The server closed a kept-alive connection.")
                if answer.startswith(OK):
                    load.accepted.append(webhook)
                else:
                    load.refused.append(answer)
                if seconds is None or now - began < seconds:
                    following = next(waiting, None)
                    if following is not None:
                        under_way[number] = _send(sockets[number], following)
                    elif seconds is not None:
                        raise RuntimeError(f"{len(load.accepted)} webhooks were too few for {seconds} s")
    finally:
        load.seconds, load.cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        gc.enable()
        poll.close()
        for sock in sockets.values():
            sock.close()
    return load


class Connection:
    """One kept-alive connection for single requests."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, webhook: Webhook) -> bytes:
        """Send one webhook; returns the head of the answer."""
        self._socket.sendall(webhook.request)
        return self._socket.recv(65_536)

    def close(self) -> None:
        self._socket.close()


def _send(sock: socket.socket, webhook: Webhook) -> tuple[Webhook, float]:
    now = time.perf_counter()
    sock.sendall(webhook.request)
    return webhook, now
