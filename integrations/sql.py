"""Statements of the engine, straight to psycopg: arrays of a hundred deliveries, rows as plain tuples."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection as database


def run(sql: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
    """Run one statement in Django's current transaction, if there is one; returns its rows. Raises psycopg.Error."""
    database.ensure_connection()
    chosen: Mapping[str, Any] | tuple[Any, ...] = named or values
    with psycopg.Cursor(database.connection) as cursor:
        cursor.execute(sql, chosen)
        return cursor.fetchall() if cursor.description else []
