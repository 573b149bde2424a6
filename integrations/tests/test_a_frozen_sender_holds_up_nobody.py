"""A process that is stopped in the middle of a claim keeps its session open. The server ends that session for it."""

import threading

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from integrations import claiming
from integrations.drains import slot, watched
from integrations.endpoints import add_endpoint
from orders.tests.builders import make_order
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_its_locks_and_its_slot_are_free_again(receiver):
    add_endpoint("partner", receiver.url, ["*"])
    claiming.ensure_health()
    make_order()
    asleep, wake = threading.Event(), threading.Event()
    ended: list[Exception] = []

    def freeze() -> None:
        try:
            with slot("outbox", 1) as mine, watched(1), transaction.atomic():
                assert mine
                claiming._lines(["webhook"], None)
                asleep.set()
                wake.wait(30)
                claiming._lines(["webhook"], None)
        except (DatabaseError, psycopg.Error) as error:
            ended.append(error)
        finally:
            connection.close()

    frozen = threading.Thread(target=freeze)
    frozen.start()
    assert asleep.wait(10)
    assert claiming.claim(["webhook"], 10).deliveries == []  # it has the line

    def free() -> bool:
        with slot("outbox", 1) as mine:
            return mine

    assert free() is False
    wait_until(free, 15, "the slot")
    assert len(claiming.claim(["webhook"], 10).deliveries) == 1
    wake.set()
    frozen.join()
    assert ended, "it woke up and went on as if nothing had happened"


def test_afterwards_a_session_may_be_idle_again():
    with watched(7):
        assert shown() == ["7s", "7s"]
    assert shown() == ["0", "0"]


def shown() -> list[str]:
    with connection.cursor() as cursor:
        found = []
        for name in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            found.append(cursor.fetchone()[0])
        return found
