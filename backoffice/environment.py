"""Values of the environment, each read by what it must be: a bad one stops the start and names itself, not a secret."""

import ipaddress
import json
import os
from collections.abc import Callable
from typing import Any

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from backoffice.local import SETTINGS_FILE

env = environ.Env()
if os.environ.get("BACKOFFICE_MODE") != "production" and SETTINGS_FILE.exists():
    environ.Env.read_env(SETTINGS_FILE)

MISSING: Any = object()
HOST_NAME = 200  # characters


def read(name: str, cast: Callable[[str], Any] = str, default: Any = MISSING) -> Any:
    """One value from the environment; raises ImproperlyConfigured with its name when it is missing or unreadable."""
    raw = env.get_value(name, default=None)
    if raw in (None, ""):
        if default is MISSING:
            raise ImproperlyConfigured(f"{name} is not set. For a local trial run `make up`, which makes one.")
        return default
    try:
        return cast(raw)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"{name} has a bad value: {error}") from error


def one_of(*allowed: str) -> Callable[[str], str]:
    def cast(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return raw

    return cast


def flag(raw: str) -> bool:
    return one_of("1", "0", "true", "false")(raw.lower()) in ("1", "true")


def listed(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def networks(raw: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(part) for part in listed(raw)]


def fernet_keys(raw: str) -> list[str]:
    for key in (keys := listed(raw)):
        Fernet(key)
    if not keys:
        raise ValueError("expected at least one key")
    return keys


def port(raw: str) -> int:
    if not 0 < int(raw) < 65_536:
        raise ValueError("expected a number from 1 to 65535")
    return int(raw)


def at_least_one(raw: str) -> int:
    if int(raw) < 1:
        raise ValueError("expected a number above 0")
    return int(raw)


def a_number(least: int, most: int) -> Callable[[str], int]:
    """A whole number from `least` to `most`."""

    def cast(raw: str) -> int:
        if not raw.strip().removeprefix("-").isdecimal() or not least <= int(raw) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(raw)

    return cast


def share(raw: str) -> float:
    if not 0 <= float(raw) < 1:
        raise ValueError("expected a number from 0 to below 1, such as 0.3")
    return float(raw)


def name_of_worker(raw: str) -> str:
    if len(raw) > HOST_NAME or not raw.isprintable():
        raise ValueError(f"expected at most {HOST_NAME} characters")
    return raw


def mail_server(raw: str) -> dict[str, Any]:
    """Django's mail settings from one URL: smtp://, smtp+tls://, smtp+ssl://user:password@host:port, or dummymail://."""
    try:
        return dict(env.email_url_config(raw))
    except ImproperlyConfigured:  # its message would repeat the password
        raise ValueError("expected smtp+tls://user:password@host:587, or dummymail:// for no mail at all") from None


def addresses(raw: str) -> list[str]:
    for address in (found := listed(raw)):
        if address.count("@") != 1 or address.startswith("@") or address.endswith("@") or set(address) & set(" <>\r\n"):
            raise ValueError("expected addresses such as ops@example.com, comma-separated")
    return found


def long_secret(raw: str) -> str:
    if len(raw) < 20 or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("expected at least 20 random characters")
    return raw


def a_storage(raw: str) -> dict[str, Any]:
    """An entry of Django's STORAGES, in JSON."""
    try:
        entry = json.loads(raw)
        return {"BACKEND": str(entry["BACKEND"]), "OPTIONS": dict(entry.get("OPTIONS", {}))}
    except (ValueError, TypeError, KeyError):  # its message would repeat the credentials
        raise ValueError('expected {"BACKEND": "package.Class", "OPTIONS": {…}}') from None
