"""The statements that make staged parcels and their scans real.

Written are parcels that an order from a file waits for (`UnfinishedOrder.awaits`) and that nobody has brought
meanwhile. Whatever else a file says of parcels is left to reading the order: those rules stand in one place
(`orders.parts.parcels`). The orders are locked first, as everywhere.
"""
# ruff: noqa: S608 all parts are constants of ours

from integrations.history.merging import SHOP, copy, table
from integrations.history.telling import IMPORTED, journal
from integrations.shopify.bulk_parcels import PARCEL, SCAN, SENT

STAGING = [
    table("staged_parcel", PARCEL, ", public_id text, entry_id text"),
    table("staged_scan", SCAN, ""),
    table("staged_sent", SENT, ""),
    "CREATE TEMPORARY TABLE awaiting (order_id bigint, remote_id bigint, is_redacted boolean, awaits jsonb) "
    "ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE made_parcel (id bigint, order_id bigint, remote_id bigint) ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE complete (order_id bigint) ON COMMIT DELETE ROWS",
]
COPY_PARCELS = copy("staged_parcel", [*PARCEL, "public_id", "entry_id"])
COPY_SCANS = copy("staged_scan", SCAN)
COPY_SENT = copy("staged_sent", SENT)

AWAITED = f"""
    SELECT o.remote_id, u.awaits
    FROM orders_order o JOIN integrations_unfinishedorder u ON u.connection_id = %(connection)s AND u.order_id = o.id
    WHERE o.shop_id = {SHOP} AND o.remote_id = ANY(%(ids)s) AND u.awaits <> '[]' AND NOT u.should_read
"""
LOCK_AWAITING = f"""
    INSERT INTO awaiting (order_id, remote_id, is_redacted, awaits)
    SELECT o.id, o.remote_id, o.redacted_at IS NOT NULL, u.awaits
    FROM orders_order o JOIN integrations_unfinishedorder u ON u.connection_id = %(connection)s AND u.order_id = o.id
    WHERE o.shop_id = {SHOP} AND o.remote_id = ANY(ARRAY(SELECT order_remote_id FROM staged_parcel))
        AND NOT u.should_read
    ORDER BY o.id FOR UPDATE OF o, u
"""

_PARCEL = ", ".join(PARCEL[1:])
NEW_PARCELS = f"""
    WITH written AS (
        INSERT INTO orders_fulfillment (order_id, public_id, {_PARCEL})
        SELECT a.order_id, s.public_id, {_PARCEL.replace("remote_id", "s.remote_id", 1)}
        FROM staged_parcel s JOIN awaiting a ON a.remote_id = s.order_remote_id
        WHERE a.awaits ? s.remote_id::text
        ON CONFLICT (order_id, remote_id) DO NOTHING
        RETURNING id, order_id, remote_id
    )
    INSERT INTO made_parcel SELECT id, order_id, remote_id FROM written
"""
# What names people stays away from an order that was redacted (orders.parts.personal).
_SCAN = ", ".join(
    f"CASE WHEN a.is_redacted THEN '' ELSE s.{name} END" if name in ("message", "city", "zip") else f"s.{name}"
    for name in SCAN[1:]
)
NEW_SCANS = f"""
    INSERT INTO orders_trackingevent (fulfillment_id, {", ".join(SCAN[1:])})
    SELECT m.id, {_SCAN}
    FROM staged_scan s JOIN made_parcel m ON m.remote_id = s.parcel_remote_id JOIN awaiting a USING (order_id)
"""

LINES = """
    UPDATE orders_lineitem l SET fulfillment_status = s.fulfillment_status
    FROM staged_sent s JOIN made_parcel m ON m.remote_id = s.parcel_remote_id
    WHERE l.order_id = m.order_id AND l.remote_id = s.remote_id AND l.fulfillment_status <> s.fulfillment_status
"""

HAVE_COME = """
    WITH come AS (
        UPDATE integrations_unfinishedorder u SET awaits = u.awaits - m.ids
        FROM (SELECT order_id, array_agg(remote_id::text) AS ids FROM made_parcel GROUP BY order_id) AS m
        WHERE u.connection_id = %(connection)s AND u.order_id = m.order_id
        RETURNING u.order_id, u.awaits
    )
    INSERT INTO complete SELECT order_id FROM come WHERE awaits = '[]'
"""
VERSIONS = """
    UPDATE orders_order SET version = version + 1, updated_at = statement_timestamp()
    WHERE id IN (SELECT order_id FROM complete)
"""
# Told once an order, when all its parcels are there, and as history is told: only to who names it.
JOURNAL = journal(f"""
    SELECT min(s.entry_id) AS public_id, o.id AS order_id, '{IMPORTED}' AS action,
        jsonb_build_object('name', o.name, 'test', o.test, 'parcels',
            (SELECT count(*) FROM orders_fulfillment f WHERE f.order_id = o.id)) AS facts
    FROM complete c JOIN orders_order o ON o.id = c.order_id
        JOIN staged_parcel s ON s.order_remote_id = o.remote_id
    GROUP BY o.id, o.name, o.test
""")
FORGET_COMPLETE = """
    DELETE FROM integrations_unfinishedorder
    WHERE connection_id = %(connection)s AND NOT should_protect AND order_id IN (SELECT order_id FROM complete)
"""
COUNT = "SELECT count(*) FROM made_parcel"
MERGE = (LOCK_AWAITING, NEW_PARCELS, NEW_SCANS, LINES, HAVE_COME, VERSIONS, JOURNAL, FORGET_COMPLETE)
