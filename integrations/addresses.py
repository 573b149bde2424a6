"""Where we may go: https to public hosts, and whatever network the operator names in EGRESS_ALLOW.

A URL is checked twice. `check_address` reads what is written, when it is saved and when it is used. `may_connect`
judges the numeric address at the moment of connecting, for every address that is tried, so a name that points inside
(at once, one answer of several, or only after the check) reaches nothing.
"""

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from integrations.errors import GiveUp

# `is_global` of the standard library has holes, and they differ between its versions.
NEVER_PUBLIC = [
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "2001::/32",  # Teredo: the IPv4 address inside is scrambled by the sender, so it proves nothing
        "2001:20::/28",  # ORCHIDv2: no addresses at all
        "3fff::/20",  # documentation
    )
]
GLOBAL_UNICAST = ip_network("2000::/3")
# A name of labels, or IPv6 in brackets, without a zone; nothing that parsers could disagree on.
HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?)(:\d{1,5})?", re.ASCII | re.I)
NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL points: host in lower case, port, and whether it is the operator's list that allows the host."""

    host: str
    port: int
    allowed: bool


def check_address(url: str) -> Target:
    """Raise GiveUp unless `url` is https to a public host, or its host is in EGRESS_ALLOW; used at save and at send."""
    parts, port = _parts(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise GiveUp("The address must begin with https:// and name a host.", parked="configuration")
    if "@" in parts.netloc:
        raise GiveUp("The address must not contain a user name or password.", parked="configuration")
    if not HOST_AND_PORT.fullmatch(parts.netloc):
        raise GiveUp(f"{parts.netloc[:100]!r} is not a host.", parked="configuration")
    if names_allowed_host(parts.hostname):
        return Target(parts.hostname, port or (443 if parts.scheme == "https" else 80), allowed=True)
    if parts.scheme != "https":
        raise GiveUp("The address must begin with https:// and name a host.", parked="configuration")
    # Below 1024 live mail, shells and databases of the system; no partner takes webhooks there but on 443.
    if port is not None and port != 443 and port < 1024:
        raise GiveUp(f"Port {port} is not for webhooks; use 443 or one from 1024 on.", parked="configuration")
    address = numeric(parts.hostname)
    if address is not None and not is_public(address):
        raise GiveUp(f"{address} is not a public address.", parked="blocked_address")
    return Target(parts.hostname, port or 443, allowed=False)  # a name: its addresses are judged when it is used


def numeric(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` is, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def names_allowed_host(host: str) -> bool:
    """Whether `host` is a literal address inside a network that the operator allowed.

    Of names only `localhost` is taken for its address: any other could point elsewhere a moment later.
    """
    address = numeric("127.0.0.1" if host == "localhost" else host)
    return address is not None and any(address in network for network in settings.EGRESS_ALLOW)


def may_connect(address: str, *, allowed: bool) -> bool:
    """Whether a connection to this numeric address may be opened; `allowed` is its URL's Target.allowed."""
    parsed = numeric(address)
    if parsed is None:
        return False
    return is_public(parsed) or (allowed and any(parsed in network for network in settings.EGRESS_ALLOW))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the internet could be there. An IPv4 address carried inside an IPv6 one is judged instead."""
    if isinstance(address, IPv6Address) and (carried := _carried(address)):
        return is_public(carried)
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in NEVER_PUBLIC)


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _parts(url: str) -> tuple[SplitResult, int | None]:
    """The URL and its port. What two parsers could read in two ways is refused before either does."""
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in ' \\"<>^`{|}'):
        raise GiveUp(
            "The address has characters that a URL may not contain; write them percent-encoded, and the host as xn--….",
            parked="configuration",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise GiveUp(f"Bad address: {error}.", parked="configuration") from error
    if port == 0:
        raise GiveUp("Port 0 is no port.", parked="configuration")
    return parts, port
