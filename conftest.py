"""What every test of the house shares; each floor keeps its own fixtures beside its tests."""

import os
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from backoffice.tests import clean_slate

DATABASE = "test_run_"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start whole processes come last: a plain mistake shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("live") is not None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database for this run alone, so that two runs in one checkout do not empty each other's tables."""
    _drop_databases_of_killed_runs()
    connections["default"].settings_dict["TEST"]["NAME"] = f"{DATABASE}{os.getpid()}"


def _drop_databases_of_killed_runs() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [DATABASE])
        for (name,) in names.fetchall():
            if not Path(f"/proc/{name.removeprefix(DATABASE)}").exists() and Path("/proc/self").exists():
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        clean_slate.install()
