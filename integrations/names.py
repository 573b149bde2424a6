"""Host names to addresses, without standing still for a name server that does not answer.

libcurl resolves in twenty threads of its own, so ten endpoints with a dead name server stop everybody's sending: here
each name is looked up once at a time, in a thread that nobody waits for. What comes back is not judged here but at the
moment of connecting (addresses.py).
"""

import os
import queue
import socket
import threading
import time

CONNECT_SECONDS = 3.0  # for a name and for the connection to it
KNOWN_SECONDS = 60.0
UNKNOWN_SECONDS = 5.0  # a name without addresses is asked for again after this
MOST_LOOKUPS = 256  # threads at once; a dead name server holds one for each of its names, for as long as libc asks it
MOST_KNOWN = 10_000


class Unresolved(Exception):
    """The name has no address now. The message says why."""


def look_up(host: str) -> list[str]:
    """The numeric addresses of `host`, in the order to try them. Raises Unresolved, at the latest after 3 s."""
    found: queue.SimpleQueue[list[str] | Unresolved] = queue.SimpleQueue()
    threading.Thread(target=lambda: found.put(_ask(host)), daemon=True).start()
    try:
        result = found.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise Unresolved(f"{host} was not resolved within {CONNECT_SECONDS:g} s") from None
    if isinstance(result, Unresolved):
        raise result
    return result


class Names:
    """What one thread knows of names. `fileno` can be read when lookups have ended: then call `ended`."""

    def __init__(self) -> None:
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._open = True
        self._lock = threading.Lock()
        self._asked: set[str] = set()
        self._found: queue.SimpleQueue[tuple[str, list[str] | Unresolved]] = queue.SimpleQueue()
        self._known: dict[str, tuple[float, list[str] | Unresolved]] = {}

    def fileno(self) -> int:
        return self._wake

    def addresses(self, host: str) -> list[str] | Unresolved | None:
        """The addresses of `host` or why it has none; None when that is being found out: `ended` will name it."""
        until, known = self._known.get(host, (0.0, None))
        if known is not None and time.monotonic() < until:
            return known
        if host in self._asked:
            return None
        if len(self._asked) >= MOST_LOOKUPS:
            return Unresolved(f"{host} was not resolved: too many names are being asked for that nobody answers")
        self._asked.add(host)
        threading.Thread(target=self._find, args=[host], daemon=True).start()
        return None

    def ended(self) -> list[str]:
        """Hosts whose lookup has ended since the last call."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return []
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        hosts = []
        while not self._found.empty():
            host, result = self._found.get()
            seconds = UNKNOWN_SECONDS if isinstance(result, Unresolved) else KNOWN_SECONDS
            self._known[host] = (time.monotonic() + seconds, result)
            self._asked.discard(host)
            hosts.append(host)
        return hosts

    def close(self) -> None:
        """Forget everything; lookups that still run end unheard."""
        with self._lock:
            self._open = False
            os.close(self._wake)

    def _find(self, host: str) -> None:
        self._found.put((host, _ask(host)))
        with self._lock:  # the number of a closed descriptor may be somebody else's by now
            if self._open:
                os.eventfd_write(self._wake, 1)


def _ask(host: str) -> list[str] | Unresolved:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Unresolved(f"{host} was not resolved: {error}"[:200])
    addresses = [str(entry[4][0]) for entry in found if "%" not in str(entry[4][0])]
    return list(dict.fromkeys(addresses)) or Unresolved(f"{host} has no address")
