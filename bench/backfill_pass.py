"""Begins a pass for a loader to carry on: `new`, for a shop made for it, or `again` for the shop of an earlier one.

Prints the loader's job. With `peer`, only a shop is made and its domain printed.
"""

import json
import os
import sys
import uuid
from dataclasses import asdict
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.utils import timezone  # noqa: E402 after the settings

from integrations.history import process  # noqa: E402
from integrations.models import Connection, SyncRun  # noqa: E402
from orders.models import Shop  # noqa: E402


def begin(domain: str, path: str) -> SyncRun:
    shop, _ = Shop.objects.get_or_create(domain=domain)
    connection = Connection.objects.filter(shop=shop).first() or Connection(system="shopify", shop=shop, label=domain)
    connection.url, connection.secrets, connection.events = "http://127.0.0.1:9", {"token": "t", "signing": []}, []
    connection.save()
    connection.runs.filter(state="running").update(state="done", ended_at=timezone.now())
    return SyncRun.objects.create(connection=connection, kind=SyncRun.Kind.BACKFILL, by="bench", cursor={"file": path})


if __name__ == "__main__":
    what, path = sys.argv[1:3]
    domain = sys.argv[3] if what == "again" else f"{uuid.uuid4().hex}.example.com"
    if what == "peer":
        Shop.objects.create(domain=domain)
        print(json.dumps(domain))
    else:
        print(json.dumps(asdict(process.job_of(begin(domain, path), Path(path)))))
