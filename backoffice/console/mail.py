"""The mails of a local trial: written to var/mail instead of being sent, and read here. Production has no such page."""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views import View

NAME = re.compile(r"\d{8}-\d{6}-\d+\.log", re.ASCII)  # as Django's file backend names them
BETWEEN = b"-" * 79 + b"\n"  # what it writes after each mail
SHOWN = 100
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was written. `text` is its plain-text part."""

    file: str
    subject: str
    to: str
    sender: str
    text: str
    at: datetime


def read_mails(folder: Path) -> list[Mail]:
    """The newest mails, newest first; none when nothing was ever written."""
    try:
        found = [entry for entry in folder.iterdir() if NAME.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    newest = sorted(found, key=lambda entry: (entry.stat().st_mtime_ns, entry.name), reverse=True)[:SHOWN]
    return [mail for entry in newest for mail in reversed(_read(entry))]


def _read(entry: Path) -> list[Mail]:
    """The mails of one file: Django begins a file for every connection, and a connection may send several."""
    at = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
    with entry.open("rb") as file:
        raw = file.read(MOST_BYTES)
    mails = []
    for part in raw.split(BETWEEN):
        if not part.strip():
            continue
        message = email.message_from_bytes(part.strip() + b"\n", policy=email.policy.default)
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        mails.append(Mail(entry.name, message["Subject"], message["To"], message["From"], text, at))
    return mails


class MailPage(View):
    """The list with every mail opened in place; a GET and nothing else."""

    http_method_names = ["get", "head"]
    site: Any = None

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.LOCAL:
            raise Http404
        context = {
            **self.site.each_context(request),
            "title": "Mail",
            "mails": read_mails(settings.MAIL_DIR),
            "folder": settings.MAIL_DIR,
        }
        request.current_app = self.site.name
        return TemplateResponse(request, "console/mail.html", context)
