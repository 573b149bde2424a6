"""The statements that make staged orders real, many at once: what `orders.intake` does for one, in sets.

The same rules hold. Only what is new or differs is written, and nothing of an order that we know in a newer state or
that was redacted; lines are never removed; customers are newest wins. Known orders are locked first, then customers are
written, then orders, in which order intake goes too. Each statement runs in the loader's transaction, on its temporary
tables (`STAGING`).
"""
# ruff: noqa: S608 all parts are constants of ours

from integrations.history.telling import IMPORTED, journal
from integrations.shopify.bulk_rows import CUSTOMER, LINE, ORDER, PAYMENT, WORK

_JSON = set(
    "tags attributes amounts shipping_address billing_address properties shipping_lines discount_codes group amount "
    "destination holds supported_actions lines tracking_numbers tracking_urls".split()
)
_NUMBERS = set(
    "remote_id customer_remote_id number order_remote_id parcel_remote_id variant_id product_id parent_remote_id "
    "location_id".split()
)
_COUNTS = {"position", "quantity", "current_quantity"}
_FLAGS = {"test", "taxes_included", "requires_shipping", "taxable", "gift_card", "tip"}

# What intake compares and writes; identity and the customer are treated apart.
ORDER_VALUES = [name for name in ORDER if name not in ("remote_id", "customer_remote_id")]
# Where it cannot be judged, what we know of it stays; a read decides.
ORDER_CHANGES = [name for name in ORDER_VALUES if name != "discrepancy"]
LINE_VALUES = [name for name in LINE if name not in ("order_remote_id", "remote_id")]
# A file of orders does not say in which order the lines stand (`orders`), nor how far they were sent: what we
# know of it stays.
LINE_CHANGES = [name for name in LINE_VALUES if name not in ("position", "fulfillment_status")]
CUSTOMER_VALUES = [name for name in CUSTOMER if name != "remote_id"]
# Not a change of the order, as for intake.
_UNSPOKEN = {"remote_updated_at"}


def _kind(name: str) -> str:
    if name in _JSON:
        return "jsonb"
    if name in _FLAGS:
        return "boolean"
    if name in _NUMBERS:
        return "bigint"
    if name in _COUNTS:
        return "integer"
    if name in ("total", "discrepancy"):
        return "numeric(20, 4)"
    return "timestamptz" if name.endswith(("_at", "fulfill_by")) else "text"


def _quoted(name: str) -> str:
    return '"group"' if name == "group" else name


def table(name: str, columns: list[str], more: str) -> str:
    """The statement that makes a temporary table of these columns and `more`."""
    listed = ", ".join(f"{_quoted(column)} {_kind(column)}" for column in columns)
    return f"CREATE TEMPORARY TABLE {name} ({listed}{more}) ON COMMIT DELETE ROWS"


def _differ(values: list[str], ours: str, theirs: str) -> str:
    sides = (", ".join(f"{table}.{_quoted(name)}" for name in values) for table in (ours, theirs))
    return " IS DISTINCT FROM ".join(f"({side})" for side in sides)


def _set(values: list[str], theirs: str) -> str:
    return ", ".join(f"{_quoted(name)} = {theirs}.{_quoted(name)}" for name in values)


def copy(table: str, columns: list[str]) -> str:
    """The statement that copies rows of these columns into the table."""
    return f"COPY {table} ({', '.join(map(_quoted, columns))}) FROM STDIN"


# `digest` is that of the lines in the file; `should_*` what is left to do for an order that is written.
_MORE_OF_ORDER = ["order_id", "digest", "should_read", "awaits", "should_protect", "public_id", "entry_id"]
STAGING = [
    table("staged_order", ORDER, ", order_id bigint, public_id text, entry_id text, digest text, should_read boolean, "
           "awaits jsonb, should_protect boolean, redacted_at timestamptz"),
    table("staged_customer", CUSTOMER, ", public_id text"),
    "CREATE TEMPORARY TABLE made (order_id bigint, remote_id bigint) ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE known (order_id bigint, remote_id bigint, was_cancelled boolean, changed text[]) "
    "ON COMMIT DELETE ROWS",
]  # fmt: skip
# Only made where they are needed: each temporary table that there is costs every commit a millisecond or two.
STAGING_OF_PARTS = [
    table("staged_line", LINE, ", public_id text"),
    table("staged_payment", PAYMENT, ""),
    table("staged_work", WORK, ", public_id text"),
]
COPY_ORDERS = copy("staged_order", [*ORDER, *_MORE_OF_ORDER])
COPY_CUSTOMERS = copy("staged_customer", [*CUSTOMER, "public_id"])
# Lines, payments and fulfillment orders; those of new orders with the key of their order instead of its remote id.
COPY_PARTS = (
    copy("staged_line", [*LINE, "public_id"]),
    copy("staged_payment", PAYMENT),
    copy("staged_work", [*WORK, "public_id"]),
)
COPY_PARTS_OF_NEW = (
    copy("orders_lineitem", ["order_id", *LINE[1:], "public_id"]),
    copy("orders_payment", ["order_id", *PAYMENT[1:]]),
    copy("orders_fulfillmentorder", ["order_id", *WORK[1:], "public_id"]),
)

# The planner must not know which shop this is. Of one that was new when it last looked it believes that it has no
# orders, and would then go through all of them for each batch, more each time.
SHOP = "(SELECT %(shop)s::bigint)"
# Beside each join with these, so that their rows are looked up by both columns of the index at once.
_STAGED = "ANY(ARRAY(SELECT remote_id FROM staged_order))"
_THEIR_CUSTOMERS = "ANY(ARRAY(SELECT customer_remote_id FROM staged_order))"

# The digests of orders we have, to pass over those whose lines in the file are the same as the last time; and a fresh
# key for each of the others.
LOOK_UP = f"""
    SELECT o.digest, CASE WHEN o.id IS NULL THEN nextval(pg_get_serial_sequence('orders_order', 'id')) END
    FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS i (remote_id, place)
        LEFT JOIN orders_order o ON o.shop_id = {SHOP} AND o.remote_id = ANY(%(ids)s) AND o.remote_id = i.remote_id
    ORDER BY i.place
"""

LOCK_KNOWN = f"""
    INSERT INTO known (order_id, remote_id, was_cancelled, changed)
    SELECT o.id, o.remote_id, o.cancelled_at IS NOT NULL, array_remove(ARRAY[
        {", ".join(f"CASE WHEN o.{name} IS DISTINCT FROM s.{name} THEN '{name}' END" for name in ORDER_CHANGES)},
        CASE WHEN c.remote_id IS DISTINCT FROM s.customer_remote_id THEN 'customer_id' END], NULL)
    FROM staged_order s JOIN orders_order o ON o.shop_id = {SHOP} AND o.remote_id = s.remote_id
        LEFT JOIN orders_customer c ON c.id = o.customer_id
    WHERE o.remote_id = {_STAGED} AND s.remote_updated_at >= o.remote_updated_at AND o.redacted_at IS NULL
    ORDER BY o.id FOR UPDATE OF o
"""

# A customer stands in many orders, in the state of the moment: the newest counts.
CUSTOMERS = f"""
    INSERT INTO orders_customer AS ours (shop_id, public_id, created_at, {", ".join(CUSTOMER)})
    SELECT DISTINCT ON (s.remote_id) %(shop)s, s.public_id, statement_timestamp(),
        {", ".join(f"s.{name}" for name in CUSTOMER)}
    FROM staged_customer s
    ORDER BY s.remote_id, s.remote_updated_at DESC NULLS LAST
    ON CONFLICT (shop_id, remote_id) DO UPDATE SET {_set(CUSTOMER_VALUES, "excluded")}
    WHERE ours.redacted_at IS NULL AND {_differ(CUSTOMER_VALUES, "ours", "excluded")}
        AND (ours.remote_updated_at IS NULL OR excluded.remote_updated_at >= ours.remote_updated_at)
"""

# Past orders of a customer who was erased come in erased (orders.parts.personal).
ARE_ERASED = f"""
    UPDATE staged_order s SET redacted_at = c.redacted_at, email = '', phone = '', note = '', po_number = '',
        tags = '[]', attributes = '[]', shipping_address = NULL, billing_address = NULL
    FROM orders_customer c
    WHERE c.shop_id = {SHOP} AND c.remote_id = {_THEIR_CUSTOMERS} AND c.remote_id = s.customer_remote_id
        AND s.remote_created_at < c.redacted_at
"""
ERASE_PARTS = [
    """
    UPDATE staged_line l SET properties = '[]' FROM staged_order s
    WHERE s.remote_id = l.order_remote_id AND s.redacted_at IS NOT NULL
    """,
    """
    UPDATE staged_work w SET destination = NULL,
        holds = COALESCE((SELECT jsonb_agg(hold || '{"notes": ""}') FROM jsonb_array_elements(w.holds) AS hold), '[]')
    FROM staged_order s WHERE s.remote_id = w.order_remote_id AND s.redacted_at IS NOT NULL
    """,
]

# One that another worker has made meanwhile is left to it; it is read again afterwards.
NEW_ORDERS = f"""
    WITH written AS (
        INSERT INTO orders_order (id, shop_id, customer_id, public_id, digest, version, created_at, updated_at,
            redacted_at, remote_id, {", ".join(ORDER_VALUES)})
        SELECT s.order_id, %(shop)s, c.id, s.public_id, s.digest, 1, statement_timestamp(), statement_timestamp(),
            s.redacted_at, s.remote_id, {", ".join(f"s.{name}" for name in ORDER_VALUES)}
        FROM staged_order s
            LEFT JOIN orders_customer c ON c.shop_id = {SHOP} AND c.remote_id = {_THEIR_CUSTOMERS}
                AND c.remote_id = s.customer_remote_id
        WHERE s.order_id IS NOT NULL AND s.remote_id NOT IN (SELECT remote_id FROM known)
        ON CONFLICT (shop_id, remote_id) DO NOTHING
        RETURNING id, remote_id
    )
    INSERT INTO made SELECT id, remote_id FROM written
"""

_KNOWN_ORDERS = f"""
    UPDATE orders_order o SET {_set(ORDER_CHANGES, "s")}, digest = s.digest, updated_at = statement_timestamp(),
        customer_id = (SELECT c.id FROM orders_customer c
                       WHERE c.shop_id = {SHOP} AND c.remote_id = s.customer_remote_id)
    FROM known k JOIN staged_order s USING (remote_id)
    WHERE o.id = k.order_id AND k.changed <> '{{}}'
"""

_NEW_LINE = f"(order_id, public_id, remote_id, {', '.join(map(_quoted, LINE_VALUES))})"
_STAGED_LINE = f"s.public_id, s.remote_id, {', '.join(f's.{_quoted(name)}' for name in LINE_VALUES)}"

_LINES_OF_NEW = f"""
    INSERT INTO orders_lineitem {_NEW_LINE}
    SELECT m.order_id, {_STAGED_LINE} FROM staged_line s JOIN made m ON m.remote_id = s.order_remote_id
"""

_PAID = ", ".join(PAYMENT[1:])
_PAYMENTS_OF_NEW = f"""
    INSERT INTO orders_payment (order_id, {_PAID})
    SELECT m.order_id, {_PAID.replace("remote_id", "s.remote_id", 1)}
    FROM staged_payment s JOIN made m ON m.remote_id = s.order_remote_id
"""

_WORK = ", ".join(WORK[1:])
_WORK_OF_NEW = f"""
    INSERT INTO orders_fulfillmentorder (order_id, public_id, {_WORK})
    SELECT m.order_id, s.public_id, {_WORK.replace("remote_id", "s.remote_id", 1)}
    FROM staged_work s JOIN made m ON m.remote_id = s.order_remote_id
"""

PARTS_OF_NEW = (_LINES_OF_NEW, _PAYMENTS_OF_NEW, _WORK_OF_NEW)

_LINES_OF_KNOWN = f"""
    WITH written AS (
        INSERT INTO orders_lineitem AS ours {_NEW_LINE}
        SELECT k.order_id, {_STAGED_LINE} FROM staged_line s JOIN known k ON k.remote_id = s.order_remote_id
        ON CONFLICT (order_id, remote_id) DO UPDATE SET {_set(LINE_CHANGES, "excluded")}
        WHERE {_differ(LINE_CHANGES, "ours", "excluded")}
        RETURNING order_id
    )
    UPDATE known SET changed = changed || 'lines'::text WHERE order_id IN (SELECT order_id FROM written)
"""

_TOLD = [name for name in [*ORDER_CHANGES, "customer_id", "lines"] if name not in _UNSPOKEN]
_SPOKEN = f"k.changed && ARRAY[{', '.join(map(repr, _TOLD))}]"

_VERSIONS = f"""
    UPDATE orders_order o SET version = version + 1, updated_at = statement_timestamp()
    FROM known k WHERE o.id = k.order_id AND {_SPOKEN}
"""

CHANGES = (_KNOWN_ORDERS, _LINES_OF_KNOWN, _VERSIONS)

JOURNAL = journal(f"""
    SELECT s.entry_id AS public_id, m.order_id, '{IMPORTED}' AS action,
        jsonb_build_object('name', s.name, 'test', s.test) AS facts
    FROM made m JOIN staged_order s USING (remote_id)
    UNION ALL
    SELECT s.entry_id, k.order_id,
        CASE WHEN s.cancelled_at IS NOT NULL AND NOT k.was_cancelled THEN 'order.cancelled'
             ELSE 'order.updated' END,
        jsonb_build_object('changed',
            (SELECT jsonb_agg(name ORDER BY name) FROM unnest(k.changed) AS name
             WHERE name <> 'remote_updated_at'))
    FROM known k JOIN staged_order s USING (remote_id) WHERE {_SPOKEN}
""")

# Messages about a part of an order that came before the order did: due now.
WAITING_MESSAGES = """
    UPDATE integrations_inboundmessage SET state = 'received', attempts = 0, waits_for = NULL,
        due_at = statement_timestamp()
    WHERE connection_id = %(connection)s AND waits_for IN (SELECT remote_id FROM made)
"""

# Orders that are not whole yet: read from the shop, or looked at for protection, once the file is through. Read are
# also those that were known and have changed, for their other parts, and those that another worker made meanwhile.
UNFINISHED = f"""
    INSERT INTO integrations_unfinishedorder AS ours (connection_id, order_id, should_read, awaits, should_protect,
        created_at)
    SELECT %(connection)s, w.order_id, s.should_read OR w.must_read,
        CASE WHEN w.must_read THEN '[]' ELSE s.awaits END, s.should_protect, statement_timestamp()
    FROM (
        SELECT order_id, remote_id, false AS must_read FROM made
        UNION ALL
        SELECT order_id, remote_id, true FROM known WHERE changed <> '{{}}'
        UNION ALL
        SELECT o.id, o.remote_id, true FROM staged_order s
            JOIN orders_order o ON o.shop_id = {SHOP} AND o.remote_id = s.remote_id
        WHERE o.remote_id = {_STAGED} AND s.remote_updated_at > o.remote_updated_at AND o.redacted_at IS NULL
    ) AS w JOIN staged_order s USING (remote_id)
    WHERE s.should_read OR s.should_protect OR w.must_read OR s.awaits <> '[]'
    ON CONFLICT (connection_id, order_id) DO UPDATE
        SET should_read = ours.should_read OR excluded.should_read,
            should_protect = ours.should_protect OR excluded.should_protect
"""
COUNT_CHANGED = "SELECT count(*) FROM known WHERE changed <> '{}'"
