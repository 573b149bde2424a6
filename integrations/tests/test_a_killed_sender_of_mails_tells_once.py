"""A sender of mails that is killed: the next one sends under the same Message-ID, and no mail is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations import calls
from integrations.mail import line
from integrations.models import Delivery
from integrations.tests import mail_server
from protection.models import Message
from protection.tests.builders import make_claim

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
SEND = """
import django; django.setup()
from django.test import override_settings
from integrations import calls
with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1",
                       EMAIL_PORT={port}, EMAIL_USE_TLS=False, EMAIL_USE_SSL=False, CUSTOMER_MAILS=True):
    calls.drain({pk})
"""


def kill_at(point: str, port: int, directory: Path) -> None:
    """A sender in a process of its own, which is killed at `point`."""
    (directory / point).touch()
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database.settings_dict['NAME']}").geturl()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "backoffice.test_settings", "FAILPOINTS": str(directory)}
    process = subprocess.run(
        [sys.executable, "-c", SEND.format(pk=line.ensure().pk, port=port)], cwd=ROOT, timeout=60, check=False,
        env={**env, "TEST_DATABASE_URL": url}, capture_output=True,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    Delivery.objects.filter(state="sending").update(lease_until=timezone.now())


@pytest.mark.parametrize("point, mails", [("calls.claimed", 1), ("message.starting", 1), ("mail.answered", 2)])
def test_whenever_it_is_killed(point: str, mails: int, settings, tmp_path):
    """Where the answer was lost with the process the mail comes twice: under one Message-ID, never as two mails."""
    settings.CUSTOMER_MAILS = True
    make_claim()
    with mail_server.running() as server:
        kill_at(point, server.port, tmp_path)
        assert Message.objects.get().state in ("queued", "sending")
        calls.drain(line.ensure().pk)
        calls.drain(line.ensure().pk)
        assert server.ids == [Message.objects.get().message_id] * mails
    assert Message.objects.get().state == "sent"
    assert Delivery.objects.get(connection=line.ensure()).state == "delivered"
