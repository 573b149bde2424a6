"""When each store was last compared with us and last proved the same: what alerts, Today and /metrics tell.

Each question is one query over the stores; the newest pass of a store is found by the index on (connection, kind, id).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database


@dataclass(frozen=True, slots=True)
class Proof:
    """How one store stands. Ages in seconds, by the database's clock; where nothing has ended, since it was connected.

    `wrong` is what the last check found: orders that differed or could not be read, and one for a way that is closed.
    """

    connection_id: int
    label: str
    pass_age: float
    proof_age: float
    wrong: int
    pass_at: datetime | None
    checked_at: datetime | None


_PROOFS = """
    SELECT c.id, c.label,
        extract(epoch FROM statement_timestamp() - COALESCE(pass.ended_at, c.created_at))::float8,
        extract(epoch FROM statement_timestamp() - COALESCE(good.ended_at, c.created_at))::float8,
        COALESCE(checked.wrong, 0), pass.ended_at, checked.ended_at
    FROM integrations_connection c
    LEFT JOIN LATERAL (
        SELECT ended_at FROM integrations_syncrun r
        WHERE r.connection_id = c.id AND r.kind = 'reconcile' AND r.state = 'done' ORDER BY r.id DESC LIMIT 1
    ) pass ON true
    LEFT JOIN LATERAL (
        SELECT ended_at, drift_found + failed + (state = 'failed')::int AS wrong FROM integrations_syncrun r
        WHERE r.connection_id = c.id AND r.kind = 'check' AND r.state <> 'running' AND r.cursor ? 'seed'
        ORDER BY r.id DESC LIMIT 1
    ) checked ON true
    LEFT JOIN LATERAL (
        SELECT ended_at FROM integrations_syncrun r
        WHERE r.connection_id = c.id AND r.kind = 'check' AND r.state = 'done' AND r.cursor ? 'seed'
            AND r.drift_found + r.failed = 0
        ORDER BY r.id DESC LIMIT 1
    ) good ON true
    WHERE c.system = 'shopify' AND c.removed_at IS NULL AND c.uninstalled_at IS NULL AND c.shop_id IS NOT NULL
    ORDER BY c.label, c.id
"""


def proofs() -> list[Proof]:
    """Every store that is connected, by its name."""
    with database.cursor() as cursor:
        cursor.execute(_PROOFS)
        return [Proof(*row) for row in cursor.fetchall()]


def pass_age() -> dict[int, int]:
    """Connection → whole seconds since a pass over the store was finished."""
    return {proof.connection_id: int(proof.pass_age) for proof in proofs()}


def wrong() -> dict[int, int]:
    """Connection → what the last check found wrong."""
    return {proof.connection_id: proof.wrong for proof in proofs() if proof.wrong}
