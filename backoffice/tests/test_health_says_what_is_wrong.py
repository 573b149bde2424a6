"""/livez asks nothing of anybody; /readyz names each thing that is wrong in a sentence."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone


def readyz() -> tuple[int, Any]:
    response = Client().get("/readyz")
    return response.status_code, response.json()


def beat(*, ago: timedelta = timedelta(0)) -> None:
    apps.get_model("integrations", "Heartbeat").objects.create(host="here", beat_at=timezone.now() - ago)


def test_the_process_is_alive_whatever_the_database_does() -> None:
    # This test may not touch the database at all: pytest-django refuses it.
    response = Client().get("/livez")
    assert (response.status_code, response.content) == (200, b"alive\n")


@pytest.mark.django_db
def test_ready_when_all_is_well() -> None:
    beat()
    status, body = readyz()
    assert (status, body["ready"]) == (200, True)
    assert set(body["checks"].values()) == {"ok"}
    assert {"database", "migrations", "worker", "inbox"} <= set(body["checks"])


@pytest.mark.django_db
def test_not_ready_without_a_worker() -> None:
    status, body = readyz()
    assert (status, body["ready"]) == (503, False)
    assert "No worker has started" in body["checks"]["worker"]
    assert body["checks"]["database"] == "ok"


@pytest.mark.django_db
def test_not_ready_when_the_worker_stands_still() -> None:
    beat(ago=timedelta(minutes=2))
    status, body = readyz()
    assert status == 503
    assert "No worker has run a task for 12" in body["checks"]["worker"]


@pytest.mark.django_db
def test_not_ready_before_the_migrations_ran() -> None:
    beat()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'protection'")
        missing = cursor.rowcount
    status, body = readyz()
    assert status == 503
    assert body["checks"]["migrations"].startswith(f"{missing} migration")
    assert body["checks"]["worker"] == "ok"


@pytest.mark.django_db
def test_not_ready_when_the_database_refuses() -> None:
    # A failed statement leaves this transaction refusing every further one, as a broken server would.
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column")
    status, body = readyz()
    assert status == 503
    assert list(body["checks"]) == ["database"]
    assert "does not answer" in body["checks"]["database"]
