"""QUEUE: what carries the scheduled tasks. Bells and all other work are rows in PostgreSQL, whatever is chosen here."""

import re
from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

EXPECTED = "expected postgres, redis://host:port/number, rediss://user:password@host:port/number or sqs://region/name"
QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
REDIS_SECONDS = {"socket_connect_timeout": 3, "socket_timeout": 5}  # its longest answer is awaited for one second

POSTGRES = {"broker_class": "integrations.queues.postgres.Queue", "orm": "default"}


def choose(raw: str) -> dict[str, Any]:
    """The part of django-q2's settings that names the queue; raises ValueError, which never repeats a password."""
    if raw == "postgres":
        return POSTGRES
    try:
        url = urlsplit(raw)
        port = url.port
    except ValueError:  # its message would repeat what it could not read
        raise ValueError(EXPECTED) from None
    if url.scheme in ("redis", "rediss") and url.hostname:
        return _redis(url, port or 6379)
    if url.scheme == "sqs" and url.hostname:
        return _sqs(url)
    raise ValueError(EXPECTED)


def _redis(url: SplitResult, port: int) -> dict[str, Any]:
    number = url.path.strip("/") or "0"
    if not number.isdecimal() or url.query or url.fragment:
        raise ValueError(EXPECTED)
    _need("redis")
    reached = {"host": url.hostname, "port": port, "db": int(number), "ssl": url.scheme == "rediss", "retry": None}
    known = {"username": unquote(url.username or "") or None, "password": unquote(url.password or "") or None}
    return {"broker_class": "integrations.queues.redis.Queue", "redis": {**reached, **known, **REDIS_SECONDS}}


def _sqs(url: SplitResult) -> dict[str, Any]:
    name = url.path.strip("/")
    if url.username or url.password:
        raise ValueError("keys do not belong in it: boto3 finds them as usual (environment, profile or role)")
    if not REGION.fullmatch(url.hostname or "") or not QUEUE_NAME.fullmatch(name) or url.query:
        raise ValueError("expected sqs://region/name of a standard queue, such as sqs://eu-west-1/backoffice")
    _need("boto3")
    # django-q2 calls its queue as it calls the cluster, and runs schedules only where cluster and site are named alike.
    return {
        "name": name,
        "broker_class": "integrations.queues.sqs.Queue",
        "sqs": {"aws_region": url.hostname, "receive_message_wait_time_seconds": 20},
    }


def _need(library: str) -> None:
    if find_spec(library) is None:
        raise ValueError(f"it needs the library {library}, which is not installed: pip install {library}")
