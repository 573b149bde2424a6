"""A partner's webhook endpoint: made, changed, its secret rotated, tried out, removed.

The API, the console and the commands all come by here, so that what is refused is refused everywhere.
"""

import base64
import hashlib
import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from backoffice import identifiers
from backoffice.models import Partner
from integrations import transport
from integrations.actions import ACTIONS, SUBJECTS, unknown
from integrations.addresses import check_address
from integrations.errors import GiveUp, RetryLater
from integrations.events import VERSIONS, Event, Line
from integrations.models import Connection, Delivery
from integrations.settling import Sent
from integrations.webhook import outbound
from orders.models import Shop

OVERLAP = timedelta(hours=24)
MOST_OVERLAP = timedelta(hours=72)
MOST_IN_FLIGHT = 64  # a quarter of what one sender holds over all endpoints
SLOWEST, FASTEST = 0.1, 1000.0  # requests a second
MOST_ENDPOINTS = 50
FIELDS = ("url", "events", "shops", "payload_version", "coalesce", "most_per_second", "most_in_flight")

logger = logging.getLogger(__name__)


class NotPossible(ValueError):
    """A setting that cannot be. `field` names it, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Pong:
    """What came of a ping."""

    ok: bool
    sent: Sent
    milliseconds: int


def endpoints() -> Any:
    """Endpoints that were not removed."""
    return Connection.objects.filter(system="webhook", removed_at=None)


@transaction.atomic
def create(partner: Partner, settings: Mapping[str, Any], *, by: str) -> Connection:
    """Make an endpoint; `settings` needs url and events at least. Raises NotPossible."""
    Partner.objects.select_for_update().get(pk=partner.pk)  # so that two at once cannot take one address
    values = checked(settings)
    if endpoints().filter(partner=partner).count() >= MOST_ENDPOINTS:
        raise NotPossible("url", f"A partner has at most {MOST_ENDPOINTS} endpoints. Delete one that is not used.")
    _must_be_free(partner.pk, values["url"])
    connection = Connection(system="webhook", partner=partner, label=_label(partner), **values)
    connection.secrets = {"signing": [new_secret()]}
    connection.save()
    logger.info("Endpoint %s made by %s", connection.public_id, by)
    return connection


@transaction.atomic
def change(connection: Connection, settings: Mapping[str, Any], *, by: str) -> Connection:
    """Change the settings that are named; returns the endpoint as it is now. Raises NotPossible."""
    connection = endpoints().select_for_update().get(pk=connection.pk)
    values = checked(settings)
    if "url" in values and values["url"] != connection.url:
        Partner.objects.select_for_update().get(pk=connection.partner_id or 0)
        _must_be_free(connection.partner_id, values["url"])
    for name, value in values.items():
        setattr(connection, name, value)
    connection.save(update_fields=list(values))
    logger.info("Endpoint %s: %s changed by %s", connection.public_id, ", ".join(sorted(values)) or "nothing", by)
    return connection


@transaction.atomic
def remove(connection: Connection, *, by: str) -> None:
    """Send nothing more and hide it. The log stays; what had not been delivered is left out, and says so.

    The row is kept, for deliveries are the proof of what was told to whom.
    """
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk, removed_at=None).update(
        removed_at=now, paused_at=now, paused_because=f"Removed ({by})"[:255], events=[]
    )
    # The fence keeps a sender that is at it from writing over this.
    Delivery.objects.filter(connection=connection, state__in=Delivery.OPEN).update(
        state=Delivery.State.SUPERSEDED, parked_because="", lease_until=None, behind=None, fence=F("fence") + 1,
        result="Left out: the endpoint was removed",
    )  # fmt: skip
    logger.info("Endpoint %s removed by %s", connection.public_id, by)


@transaction.atomic
def add_endpoint(partner_name: str, url: str, events: list[str], shops: list[str] | None = None) -> Connection:
    """Make or update the endpoint of a partner at an address, safe to repeat; its secret stays.

    Raises NotPossible for settings that cannot be.
    """
    values = checked({"url": url, "events": events, **({} if shops is None else {"shops": shops})})
    partner, _ = Partner.objects.get_or_create(name=partner_name)
    connection = endpoints().filter(partner=partner, url=values["url"]).first()
    if connection is None:
        return create(partner, values, by="operator")
    return change(connection, values, by="operator")


@transaction.atomic
def rotate(connection: Connection, *, overlap: timedelta = OVERLAP, by: str) -> str:
    """Give the endpoint a new secret and return it; the one before signs too for `overlap` (none: ends at once).

    A second rotation within that time drops the oldest.
    """
    connection.refresh_from_db(from_queryset=Connection.objects.select_for_update())
    secret = new_secret()
    old = connection.secrets.get("signing", [])[:1] if overlap > timedelta(0) else []
    connection.secrets = {**connection.secrets, "signing": [secret, *old]}
    connection.old_secret_until = timezone.now() + overlap if old else None
    connection.save(update_fields=["secrets", "old_secret_until"])
    logger.info("Endpoint %s: secret rotated by %s", connection.public_id, by)
    return secret


def ping(connection: Connection) -> Pong:
    """One signed POST of type endpoint.ping, outside any transaction; nothing is stored and it is not tried again."""
    now = timezone.now()
    facts = {"endpoint": connection.public_id}
    event = Event(identifiers.new("evt"), "endpoint.ping", now, 0, "", None, connection.public_id, facts)
    started = time.monotonic()
    try:
        made = outbound.request(event, Line.of(connection, now), now)
        sent, ok = outbound.read(transport.post(made.url, made.body, made.headers)), True
    except (RetryLater, GiveUp) as error:
        sent, ok = Sent(str(error), error.status, error.answer), False
    return Pong(ok, sent, int((time.monotonic() - started) * 1000))


def new_secret() -> str:
    """256 random bits as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def fingerprint(secret: str) -> str:
    """The first 48 bits of the secret's SHA-256: enough to tell two secrets apart, useless to guess one."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The named settings as they are stored; raises NotPossible with the field and what to do."""
    return {name: _CHECKS[name](settings[name]) for name in FIELDS if name in settings}


def _url(value: str) -> str:
    url = value.strip()
    if len(url) > 2048:
        raise NotPossible("url", "The address must have at most 2,048 characters.")
    try:
        check_address(url)
        requests.Request("POST", url).prepare()
    except GiveUp as error:
        raise NotPossible("url", str(error)) from error
    except (ValueError, requests.RequestException) as error:
        raise NotPossible("url", "This is not an address we can call, such as https://example.com/hooks.") from error
    return url


def _events(value: list[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in value))
    if not names:
        raise NotPossible("events", "Name at least one event; * stands for all. To stop all of them, delete it.")
    if wrong := unknown(names):
        known = ", ".join(["*", *(f"{subject}.*" for subject in SUBJECTS), *ACTIONS])
        raise NotPossible("events", f"There is no event {wrong[0]!r}; there are {known}.")
    return names


def _shops(value: list[str]) -> list[str]:
    domains = list(dict.fromkeys(domain.strip().lower().replace("\x00", "") for domain in value))
    known = set(Shop.objects.filter(domain__in=domains).values_list("domain", flat=True))
    if wrong := [domain for domain in domains if domain not in known]:
        raise NotPossible("shops", f"There is no shop {wrong[0]!r}. Name shops by their domains, or none for all.")
    return domains


def _version(value: str) -> str:
    if value not in VERSIONS:
        raise NotPossible("payload_version", f"There is no version {value!r}; there are {', '.join(VERSIONS)}.")
    return value


def _per_second(value: float | None) -> float | None:
    if value is not None and not (math.isfinite(value) and SLOWEST <= value <= FASTEST):
        raise NotPossible("most_per_second", f"Give a number from {SLOWEST:g} to {FASTEST:g}, or nothing for any.")
    return value


def _in_flight(value: int) -> int:
    if not 1 <= value <= MOST_IN_FLIGHT:
        raise NotPossible("most_in_flight", f"Give a whole number from 1 to {MOST_IN_FLIGHT}.")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "url": _url,
    "events": _events,
    "shops": _shops,
    "payload_version": _version,
    "coalesce": bool,
    "most_per_second": _per_second,
    "most_in_flight": _in_flight,
}


def _must_be_free(partner_id: int | None, url: str) -> None:
    if endpoints().filter(partner_id=partner_id, url=url).exists():
        raise NotPossible("url", "There is an endpoint with this address already. Change that one.")


def _label(partner: Partner) -> str:
    return f"{partner.name} webhook"[:255]
