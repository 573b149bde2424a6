"""What is told of an import, in the journal and to the endpoints whom it concerns, in the transaction of the rows."""
# ruff: noqa: S608 all parts are constants of ours

# What was new to us is no news: an order of last year did not come in today. So it has an action of its own, and only
# an endpoint that names it is told (docs/decisions/0008). Workers look for due deliveries every second; no bell rings.
IMPORTED = "order.imported"


def journal(events: str) -> str:
    """The statement that tells of these events (public_id, order_id, action, facts), to whom it may concern."""
    return f"""
        WITH written AS (
            INSERT INTO orders_journalentry (public_id, shop_id, order_id, action, subject, by, source, facts, horizon,
                created_at)
            SELECT public_id, %(shop)s, order_id, action, '', %(by)s, %(source)s, facts, 0, statement_timestamp()
            FROM (
                {events}
            ) AS events
            RETURNING id, order_id, action
        ), told AS (
            INSERT INTO integrations_delivery (connection_id, entry_id, order_id, shop_id, state, parked_because,
                attempts, due_at, fence, result, created_at)
            SELECT c.id, e.id, e.order_id, %(shop)s, 'pending', '', 0, statement_timestamp(), 0, '',
                statement_timestamp()
            FROM written e JOIN integrations_connection c
                ON (c.shop_id = %(shop)s OR c.shop_id IS NULL) AND c.public_id <> %(source)s
                AND (c.shops = '[]' OR c.shops ? %(domain)s)
                AND CASE WHEN e.action = '{IMPORTED}' THEN c.events ? '{IMPORTED}'
                         ELSE c.events ?| ARRAY['*', e.action, 'order.*'] END
            RETURNING id
        )
        SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM told)
    """
