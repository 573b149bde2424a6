"""Statements of the engine, straight to psycopg: planned once, values sent as they are.

Django's cursors write every value into the text of the statement, which for arrays of a hundred deliveries costs more
than the statement.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection as database

PREPARE_AFTER = 5  # uses; psycopg's own default, which Django switches off


def run(sql: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
    """Run one statement in Django's current transaction, if there is one; returns its rows. Raises psycopg.Error."""
    database.ensure_connection()
    database.connection.prepare_threshold = PREPARE_AFTER
    chosen: Mapping[str, Any] | tuple[Any, ...] = named or values
    with psycopg.Cursor(database.connection) as cursor:
        cursor.execute(sql, chosen)
        return cursor.fetchall() if cursor.description else []
