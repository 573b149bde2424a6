"""A clock that tests can turn: instead of the time, everything the engine has dated moves."""

from datetime import timedelta

from django.db import connection

COLUMNS = {
    "integrations_delivery": ["due_at", "lease_until", "delivered_at", "created_at"],
    "integrations_deliveryattempt": ["started_at"],
    "integrations_health": ["failing_since", "last_success_at", "open_until", "tokens_at"],
    "integrations_inboundmessage": ["due_at", "received_at", "handled_at"],
}


def later(seconds: float) -> None:
    """Let so much time pass: every moment in the engine's tables is now that much longer ago."""
    past = timedelta(seconds=seconds)
    with connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            moved = ", ".join(f"{column} = {column} - %s::interval" for column in columns)
            cursor.execute(f"UPDATE {table} SET {moved}", [str(past)] * len(columns))
