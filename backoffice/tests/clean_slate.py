"""How a test that commits is cleaned up: what it wrote is deleted, and what every database has comes back.

Django empties every table, a hundred with all their indexes, and writes types, rights and defaults anew: most of a
second for each of these tests. Only tables that hold something are touched here, and the rest is copied.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

_KEPT = "clean_slate"  # a schema of its own, with what the migrations have written
_TABLES = """
    SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'
"""


def install() -> None:
    """Keep what the fresh database holds, and let every test that commits end by it.

    Without the rights of a superuser (a server of one's own in TEST_DATABASE_URL) Django's way stays.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() != ("on",):
            return
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        holding = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
        cursor.execute(holding)
        kept = [name for (name,) in cursor.fetchall()]
        cursor.execute(f"CREATE SCHEMA {_KEPT}")
        for name in kept:
            cursor.execute(f"CREATE TABLE {_KEPT}.{name} AS TABLE {name}")

    def restore(case: TransactionTestCase) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(holding)
            written = [name for (name,) in cursor.fetchall()]
            # No foreign keys, and no trigger that keeps the journal as it is.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name in written:
                cursor.execute(f"DELETE FROM {name}")
            for name in kept:
                cursor.execute(f"INSERT INTO {name} TABLE {_KEPT}.{name}")

    TransactionTestCase._fixture_teardown = restore  # type: ignore[attr-defined]
