"""The one way out over HTTP: hardened, bounded in time and in bytes.

One attempt connects within 3 s and ends within 15 s whatever the other side does: `requests` bounds single reads only,
so a timer closes the socket at the deadline. No redirects, no proxies or .netrc from the environment, certificates
verified, at most 64 kB of the answer kept, and the address is resolved, checked and pinned for the request
(requests-hardened), so that a name cannot point inside after the check.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests_hardened.client import HTTPSession
from requests_hardened.config import Config
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integrations.errors import GiveUp, RetryLater

CONNECT_SECONDS = 3.0
DEADLINE_SECONDS = 15.0
KEPT_BYTES = 64 * 1024
MOST_RETRY_AFTER = 24 * 3600.0  # an absurd Retry-After must not silence a connection for good

_threads = threading.local()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in lower case, the first `KEPT_BYTES` of the body."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def post(url: str, body: bytes, headers: dict[str, str], *, keep: int = KEPT_BYTES) -> Answer:
    """POST `body` and return the answer, whatever its status.

    Raises RetryLater when no answer came in time, GiveUp(blocked_address or configuration) when none may be asked.
    """
    check_address(url)
    started = time.monotonic()
    session = _session(allowed=_is_allowed_host(url))
    with _hung_up_after(DEADLINE_SECONDS):
        try:
            response = session.post(
                url, data=body, headers=headers, timeout=(CONNECT_SECONDS, DEADLINE_SECONDS), stream=True
            )  # fmt: skip
        except InvalidIPAddress as error:
            host = urlsplit(url).hostname
            raise GiveUp(f"{host} resolves to {error}, which is not public.", parked="blocked_address") from error
        except requests.exceptions.SSLError as error:
            raise GiveUp(f"TLS failed: {_short(error)}", parked="configuration") from error
        except requests.exceptions.InvalidURL as error:
            raise GiveUp(f"Bad address: {_short(error)}", parked="configuration") from error
        except requests.RequestException as error:
            raise RetryLater(f"No answer: {_short(error)}") from error
        with response:
            kept = _read(response, keep)
    lowered = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, lowered, kept, int((time.monotonic() - started) * 1000))


def check_address(url: str) -> None:
    """Raise GiveUp unless `url` is https to a public host, or its host is in EGRESS_ALLOW; used at save and at send."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise GiveUp("The address must begin with https:// and name a host.", parked="configuration")
    if parts.username or parts.password:
        raise GiveUp("The address must not contain a user name or password.", parked="configuration")
    if _is_allowed_host(url):
        return
    if parts.scheme != "https":
        raise GiveUp("The address must begin with https:// and name a host.", parked="configuration")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return  # a name: resolved, checked and pinned when it is used
    if not address.is_global:
        raise GiveUp(f"{address} is not a public address.", parked="blocked_address")


def _is_allowed_host(url: str) -> bool:
    """Whether the host is a literal address inside a network that the operator allowed.

    Of names only `localhost` is taken for its address: any other could point elsewhere a moment later.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return any(address in network for network in settings.EGRESS_ALLOW)


def _session(*, allowed: bool) -> requests.Session:
    """This thread's kept session (connections stay open between deliveries)."""
    name = "allowed" if allowed else "public"
    session: requests.Session | None = getattr(_threads, name, None)
    if session is None:
        config = Config(
            ip_filter_enable=not allowed,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(CONNECT_SECONDS, DEADLINE_SECONDS),
            user_agent_override="BackOffice-Webhooks/1",
        )
        session = HTTPSession(config)
        session.trust_env = False
        if allowed:
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter())
        for adapter in (session.get_adapter("http://x"), session.get_adapter("https://x")):
            assert isinstance(adapter, HTTPAdapter)
            adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        setattr(_threads, name, session)
    return session


class _Connection(HTTPConnection):
    """Tells the deadline which socket is in use; a pooled connection may be older than the attempt."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        _threads.connection = self
        super().request(*args, **kwargs)


class _TlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _threads.connection = self
        super().request(*args, **kwargs)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


@contextmanager
def _hung_up_after(seconds: float) -> Iterator[None]:
    """Close this thread's socket after `seconds`, whatever the other side drips: headers, body or nothing."""
    mine = _threads.__dict__
    mine["connection"] = mine["hung_up"] = None
    timer = threading.Timer(seconds, _hang_up, [mine])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if mine["hung_up"]:  # headers cut short look complete to http.client; they are not an answer
        raise RetryLater(f"No whole answer within {seconds:g} s.")


def _hang_up(thread_state: dict[str, Any]) -> None:
    thread_state["hung_up"] = True
    sock = getattr(thread_state.get("connection"), "sock", None)
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already


def _read(response: requests.Response, keep: int) -> bytes:
    """At most `keep` bytes of the body. A longer body is cut, never read to its end."""
    kept = b""
    try:
        for chunk in response.iter_content(8192):
            kept += chunk
            if len(kept) > keep:
                # Reading on would reuse the connection; hanging up is bounded.
                response.raw.close()
                return kept[:keep]
    except requests.RequestException as error:
        raise RetryLater(f"The answer broke off: {_short(error)}", status=response.status_code) from error
    return kept


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def retry_after(answer: Answer) -> float | None:
    """Seconds the other side asks us to wait (`Retry-After` as a number or a date), None when it does not say."""
    raw = answer.headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        return max(0.0, min(float(raw), MOST_RETRY_AFTER)) if raw.replace(".", "", 1).isdigit() else _until(raw)
    except (ValueError, TypeError):
        return None


def _until(date: str) -> float:
    seconds = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    return max(0.0, min(seconds, MOST_RETRY_AFTER))
