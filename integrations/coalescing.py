"""Leaving out an update that a newer one of the same order has overtaken, for receivers that asked for it.

They read the order's present state when they hear of a change; ten changes in a row need one message. Only what is
still waiting is left out, and only when the very next delivery of the order says the same of the same subject.
"""

from collections.abc import Collection

from integrations import sql

# Actions whose only message is "read it again". Creations, cancellations, money and claims are always told.
ACTIONS = ["order.updated", "fulfillment.updated", "refund.updated"]

_LEAVE_OUT = """
    WITH overtaken AS (
        SELECT d.id FROM integrations_delivery d JOIN orders_journalentry e ON e.id = d.entry_id
        CROSS JOIN LATERAL (
            SELECT n.entry_id FROM integrations_delivery n
            WHERE n.connection_id = d.connection_id AND n.order_id = d.order_id AND n.id > d.id
                AND n.state IN ('pending', 'sending', 'retrying', 'parked')
            ORDER BY n.id LIMIT 1
        ) next JOIN orders_journalentry newer ON newer.id = next.entry_id
        WHERE d.id = ANY(%s::bigint[]) AND d.connection_id = ANY(%s::bigint[]) AND d.state IN ('pending', 'retrying')
            AND e.action = ANY(%s::text[]) AND newer.action = e.action AND newer.subject = e.subject
        FOR UPDATE OF d SKIP LOCKED
    ), gone AS (
        UPDATE integrations_delivery d
        SET state = 'superseded', result = 'Left out: a newer update follows.', behind = NULL
        FROM overtaken WHERE d.id = overtaken.id RETURNING d.id
    ), freed AS (
        UPDATE integrations_delivery d SET behind = NULL FROM gone WHERE d.behind = gone.id
            AND d.id NOT IN (SELECT id FROM overtaken) RETURNING 1
    )
    SELECT count(*) FROM gone
"""


def leave_out(deliveries: Collection[int], connections: Collection[int]) -> bool:
    """Take overtaken updates among these deliveries out of the queue; True when there were any."""
    if not connections or not deliveries:
        return False
    return bool(sql.run(_LEAVE_OUT, list(deliveries), list(connections), ACTIONS)[0][0])
