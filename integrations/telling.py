"""Telling people that something is wrong: a mail, or a POST to a webhook such as a chat room's.

Both talk to the network: never call them inside a transaction.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from integrations import transport
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection


def mail(to: Sequence[str], subject: str, template: str, context: dict[str, Any]) -> str:
    """Send one plain-text mail rendered from `template`; returns "" or, in a sentence, why it did not go out."""
    one_line = " ".join(f"[Back office] {subject}".split())
    message = EmailMessage(one_line, render_to_string(template, context).strip() + "\n", to=list(to))
    try:
        message.send()
    except Exception as error:  # noqa: BLE001 whatever a mail backend raises: it is noted and tried again
        return f"The mail did not go out: {type(error).__name__}: {error}"[:200]
    return ""


def post(url: str, message_id: str, body: dict[str, Any]) -> str:
    """POST `body` as JSON; returns "" when the answer is 2xx, else in a sentence what went wrong.

    `webhook-id` is the same on every try of one message, so that the other side can tell a repeat.
    """
    headers = {"Content-Type": "application/json", "webhook-id": message_id}
    try:
        answer = transport.post(url, json.dumps(body).encode(), headers)
    except (RetryLater, GiveUp) as error:
        return str(error)[:200]
    return "" if 200 <= answer.status < 300 else f"The webhook answered {answer.status}."


def page_of(connection: Connection) -> str:
    """Address of the connection's page in the console."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("admin:integrations_connection_change", args=[connection.pk])
