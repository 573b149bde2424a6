"""The line that mails go out by: one for the installation, for there is one mail server; made when it is first needed.

A connection like any other, so that staff see each mail's tries, pause the line, and send again what was refused.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from integrations.models import Connection
from orders.models import JournalEntry
from protection.messages.composing import SENDS, hear

SYSTEM = "mail"
LABEL = "Mail to customers"


def write_messages(sender: Any, *, entry: JournalEntry, **kwargs: Any) -> None:
    """Heard from the journal, after the entry itself was fanned out: partners are told first what, then that of it."""
    hear(sender, entry=entry)


def stand_by(sender: Any, *, entry: JournalEntry, **kwargs: Any) -> None:
    """Heard before an entry is fanned out: one that sends a mail finds the line there."""
    if entry.action in SENDS:
        ensure()


def ensure() -> Connection:
    """The line, made where it is missing; two at once make one."""
    line = Connection.objects.defer("secrets").filter(system=SYSTEM).first()
    if line is not None:
        return line
    try:
        with transaction.atomic():
            return Connection.objects.create(
                system=SYSTEM, label=LABEL, url=_address(), events=list(SENDS), secrets={}, most_in_flight=1
            )
    except IntegrityError:
        return Connection.objects.get(system=SYSTEM)


def _address() -> str:
    """For staff to see; what counts is EMAIL_URL."""
    is_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    return f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if is_smtp else "file:///var/mail"
