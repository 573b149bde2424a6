"""Sync in a state that a test names: deliveries, tries and health as the engine would have written them."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from integrations.models import Connection, Delivery, DeliveryAttempt, Health
from orders.models import JournalEntry, Order
from protection.tests.builders import make_agent


def lead_client() -> Client:
    """Logged in as somebody with the lead's rights and no others."""
    user = User.objects.filter(username="lea").first() or make_agent("lea")
    user.groups.set([ensure_roles()["lead"]])
    client = Client()
    client.force_login(user)
    return client


def ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def entry_of(order: Order, action: str = "order.updated", subject: str = "", **facts: Any) -> JournalEntry:
    return JournalEntry.objects.create(
        shop=order.shop, order=order, action=action, subject=subject, by="shopify", facts=facts
    )


def deliver(connection: Connection, order: Order, state: str = "pending", **fields: Any) -> Delivery:
    """A delivery of a new entry in `state`; `entry` and all columns may be given."""
    values: dict[str, Any] = {"due_at": timezone.now(), "entry": fields.pop("entry", None) or entry_of(order)}
    if state == "parked":
        values["parked_because"] = "exhausted"
    if state == "delivered":
        values["delivered_at"] = timezone.now()
    made = fields.pop("created_at", None)
    delivery = Delivery.objects.create(
        connection=connection, order=order, shop=order.shop, state=state, **{**values, **fields}
    )
    if made:
        Delivery.objects.filter(pk=delivery.pk).update(created_at=made)
        delivery.refresh_from_db()
    return delivery


def log(delivery: Delivery, outcome: str = "Accepted with 200", status: int | None = 200, **fields: Any) -> Any:
    values = {"number": 1, "started_at": timezone.now(), "milliseconds": 12, **fields}
    values.setdefault("went_well", bool(status) and 200 <= (status or 0) < 300)
    return DeliveryAttempt.objects.create(delivery=delivery, outcome=outcome, status=status, **values)


def set_health(connection: Connection, **fields: Any) -> Health:
    return Health.objects.update_or_create(connection=connection, defaults=fields)[0]


def connection_page(client: Client, connection: Connection) -> str:
    return shown(client, reverse("admin:integrations_connection_change", args=[connection.pk]))


def difference_url(connection: Connection, order: Order) -> str:
    return reverse("admin:integrations_connection_order", args=[connection.pk, order.pk])


def shown(client: Client, path: str) -> str:
    """The page's text without markup and with single spaces, to read it as people do."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return text_of(answer)


def text_of(answer: Any) -> str:
    page = answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index('class="c-head"') :]))
