"""A sender that is killed just before or after the shop acts: the next one finds what is done, and does the rest."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, Delivery
from integrations.tests.changing import arrived, home, sent
from orders import changes
from orders.models import Change, Order

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
SEND = "import django; django.setup(); from integrations import calls; calls.drain({pk})"


def one(order: Order) -> list[dict]:
    goods = order.lines.get(sku="FW-MUG")
    return [{"line_item": goods.public_id, "quantity": 1}]


ASKED = {
    "gift_card": (lambda order: changes.issue_gift_card(order, "5", by="staff:ana"), "giftCardCreate"),
    "fulfil": (lambda order: changes.fulfil(order, lines=one(order), by="staff:ana"), "fulfillmentCreate"),
    "return": (lambda order: changes.open_return(order, lines=one(order), by="staff:ana"), "returnCreate"),
    "edit": (lambda order: changes.edit_lines(order, lines=one(order), by="staff:ana"), "orderEditCommit"),
    "hold": (lambda order: changes.hold(order, by="staff:ana"), "fulfillmentOrderHold"),
    "note": (lambda order: changes.change_note(order, "Ring twice", by="staff:ana"), "orderUpdate"),
}


def kill_at(point: str, store: Connection, directory) -> None:
    """A sender in a process of its own, which is killed at `point`."""
    (directory / point).touch()
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database.settings_dict['NAME']}").geturl()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "backoffice.test_settings", "FAILPOINTS": str(directory)}
    process = subprocess.run([sys.executable, "-c", SEND.format(pk=store.pk)], cwd=ROOT, timeout=60, check=False,
                             env={**env, "TEST_DATABASE_URL": url}, capture_output=True)  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    assert not (directory / point).exists()
    Delivery.objects.filter(state="sending").update(lease_until=timezone.now())


@pytest.mark.parametrize(
    "kind, point",
    [*((kind, "change.asked") for kind in ASKED), ("gift_card", "change.asking"), ("fulfil", "change.asking"),
     ("note", "change.home")],
)  # fmt: skip
def test_the_effect_is_there_once(shop_of_module, store, door, tmp_path, kind, point):
    order = arrived(shop_of_module, store, lines=[{"sku": "FW-MUG", "quantity": 2}])
    if kind == "return":
        shop_of_module.press(order.remote_id, "fulfil")
        order = home(store, order.remote_id)
    ask, mutation = ASKED[kind]
    change = ask(order)
    kill_at(point, store, tmp_path)
    change.refresh_from_db()
    assert (change.state, change.started_at is not None) == (Change.State.QUEUED, True)
    sent(store, change)
    assert (change.state, change.failure, door.mutations.count(mutation)) == ("done", "", 1)
