"""What a claim may have in common with others, read in one statement from its order, parcel, scans and photos."""

from collections.abc import Collection

from django.db import connection

from protection.models import Claim, Coverage
from protection.windows import DELIVERED, NOT_MOVING

AT_ONCE = 5_000  # claims in one run of the clock

# One row for each claim in %(claims)s. The parcel is the newest that carries a claimed line, else the newest of all.
TRAITS = """
    SELECT c.id AS claim_id, o.shop_id, c.reason,
        (COALESCE(c.submitted_at, c.created_at) AT TIME ZONE 'UTC')::date AS filed_on,
        COALESCE(trim(parcel.tracking_company), '') AS carrier,
        s.country AS origin,
        left(upper(COALESCE(o.shipping_address ->> 'country_code', '')), 2) AS destination,
        (parcel.remote_created_at AT TIME ZONE 'UTC')::date AS shipped_on,
        parcel.location_id,
        COALESCE(scans.delivered, false) AS delivered,
        EXTRACT(day FROM COALESCE(c.submitted_at, c.created_at) - scans.last)::int AS quiet_days,
        COALESCE(goods.value, 0) AS value,
        COALESCE(goods.skus, '{}') AS skus,
        COALESCE(goods.products, '{}') AS products,
        EXISTS (SELECT 1 FROM protection_evidence e WHERE e.claim_id = c.id AND e.removed_at IS NULL) AS photos,
        EXISTS (SELECT 1 FROM protection_coverage v
            WHERE v.order_id = o.id AND v.status = ANY(%(in_force)s::text[])) AS covered
    FROM protection_claim c
    JOIN orders_order o ON o.id = c.order_id
    JOIN orders_shop s ON s.id = o.shop_id
    LEFT JOIN LATERAL (
        SELECT sum(i.quantity * greatest(0, (l.amounts #>> '{unit_price,shop,amount}')::numeric
                - COALESCE((l.amounts #>> '{discount,shop,amount}')::numeric, 0) / greatest(l.quantity, 1))) AS value,
            array_agg(DISTINCT l.sku) FILTER (WHERE l.sku <> '') AS skus,
            array_agg(DISTINCT l.product_id) FILTER (WHERE l.product_id IS NOT NULL) AS products,
            array_agg(l.remote_id) AS lines
        FROM protection_claimitem i JOIN orders_lineitem l ON l.id = i.line_id WHERE i.claim_id = c.id
    ) goods ON true
    LEFT JOIN LATERAL (
        SELECT f.* FROM orders_fulfillment f WHERE f.order_id = o.id AND f.status <> 'cancelled'
        ORDER BY EXISTS (SELECT 1 FROM jsonb_array_elements(f.lines) part
                WHERE (part ->> 'line')::bigint = ANY(goods.lines)) DESC,
            f.remote_created_at DESC NULLS LAST, f.id DESC
        LIMIT 1
    ) parcel ON true
    LEFT JOIN LATERAL (
        SELECT max(e.happened_at) AS last, bool_or(e.status = ANY(%(delivered)s::text[])) AS delivered
        FROM orders_trackingevent e
        WHERE e.fulfillment_id = parcel.id AND e.deleted_at IS NULL AND e.status <> ALL(%(not_moving)s::text[])
            AND e.happened_at <= COALESCE(c.submitted_at, c.created_at)
    ) scans ON true
    WHERE c.id = ANY(%(claims)s::bigint[])
"""
COLUMNS = (
    "claim_id", "shop_id", "reason", "filed_on", "carrier", "origin", "destination", "shipped_on", "location_id",
    "delivered", "quiet_days", "value", "skus", "products", "photos", "covered",
)  # fmt: skip

_WRITE = f"""
    INSERT INTO protection_claimtraits ({", ".join(COLUMNS)}, updated_at)
    SELECT {", ".join(COLUMNS)}, statement_timestamp() FROM ({TRAITS}) found ORDER BY claim_id
    ON CONFLICT (claim_id) DO UPDATE SET
        ({", ".join(COLUMNS[1:])}, updated_at)
        = ({", ".join(f"EXCLUDED.{name}" for name in COLUMNS[1:])}, EXCLUDED.updated_at)
    WHERE ({", ".join(f"protection_claimtraits.{name}" for name in COLUMNS[1:])})
        IS DISTINCT FROM ({", ".join(f"EXCLUDED.{name}" for name in COLUMNS[1:])})
"""  # noqa: S608 all parts are constants

# Claims from before traits were kept, and open ones, whose parcel may have become known since.
_DUE = f"""
    (SELECT c.id FROM protection_claim c WHERE NOT EXISTS (
        SELECT 1 FROM protection_claimtraits t WHERE t.claim_id = c.id) ORDER BY c.id DESC LIMIT {AT_ONCE})
    UNION (SELECT c.id FROM protection_claim c WHERE c.state = ANY(%s) ORDER BY c.id DESC LIMIT {AT_ONCE})
"""  # noqa: S608 all parts are constants


def parameters(claims: Collection[int]) -> dict[str, list[int] | list[str]]:
    """What TRAITS needs for claims with these keys."""
    return {
        "claims": list(claims),
        "in_force": [Coverage.Status.INACTIVE.value, Coverage.Status.ACTIVE.value],
        "delivered": sorted(DELIVERED),
        "not_moving": sorted(NOT_MOVING),
    }


def note(claims: Collection[int]) -> int:
    """Write down the traits of these claims as they stand; returns how many rows are new or changed."""
    if not claims:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, parameters(claims))
        return cursor.rowcount


def catch_up() -> int:
    """Write down what is missing or may have changed: the clock's part, safe to repeat."""
    open_states = [state for state in Claim.State.values if state != Claim.State.CLOSED]
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [open_states])
        due = [row[0] for row in cursor.fetchall()]
    return note(due)
