"""The questions behind the facts, in SQL: each part yields rows of (name, claim, json) for all claims in `me`.

Whatever grows without end is read by a range of an index and up to a limit, so that a forwarder's address with ten
thousand claims costs no more than another.
"""

from protection.evidence import SAME_PHOTO
from protection.risk.facts import MOST_ALIKE, YEAR_DAYS

MOST_REPLACEMENTS = 9
LIMITS = {"most_alike": MOST_ALIKE, "year": f"{YEAR_DAYS} days", "same_photo": SAME_PHOTO, "deep": MOST_REPLACEMENTS}

HEAD = """
WITH RECURSIVE me AS MATERIALIZED (
    SELECT asked.claim, asked.at, asked.photos_until, c.public_id, c.follows_id, c.order_id, o.shop_id, o.customer_id,
        o.remote_id, o.currency
    FROM unnest(%(claims)s::bigint[], %(moments)s::timestamptz[], %(photos)s::timestamptz[])
        AS asked (claim, at, photos_until)
    JOIN protection_claim c ON c.id = asked.claim
    JOIN orders_order o ON o.id = c.order_id
), chain (claim, follows_id, depth) AS (
    SELECT claim, follows_id, 0 FROM me
    UNION ALL
    SELECT chain.claim, c.follows_id, chain.depth + 1
    FROM chain JOIN protection_claim c ON c.id = chain.follows_id WHERE chain.depth < %(deep)s
)
"""

_ALIKE = """
SELECT 'alike', me.claim, jsonb_build_object(
    'kind', own.kind, 'claims', others.claims, 'approved', others.approved, 'newest', others.newest)::text
FROM me JOIN protection_likeness own ON own.claim_id = me.claim
CROSS JOIN LATERAL (
    SELECT count(*) AS claims, max(claim_id) AS newest, count(*) FILTER (WHERE EXISTS (
        SELECT FROM protection_claimitem i JOIN protection_decision d ON d.item_id = i.id
        WHERE i.claim_id = same.claim_id AND d.verdict <> 'deny' AND NOT d.superseded AND d.decided_at <= me.at
    )) AS approved
    FROM (
        SELECT other.claim_id FROM protection_likeness other
        WHERE other.shop_id = own.shop_id AND other.kind = own.kind AND other.digest = own.digest
            AND other.filed_at > me.at - %(year)s::interval AND other.filed_at <= me.at
            AND other.claim_id <> me.claim
        ORDER BY other.filed_at DESC, other.claim_id DESC LIMIT %(most_alike)s
    ) same
) others WHERE others.claims > 0
"""

_HISTORY = """
SELECT 'history', me.claim, jsonb_build_object(
    'orders', count(*), 'first', min(COALESCE(o.processed_at, o.remote_created_at)),
    'average', round(avg(o.total) FILTER (WHERE o.total > 0 AND o.currency = me.currency), 4)::text)::text
FROM me JOIN orders_order o ON o.customer_id = me.customer_id AND o.id <> me.order_id
WHERE o.remote_created_at <= me.at AND (o.cancelled_at IS NULL OR o.cancelled_at > me.at) AND NOT o.test
GROUP BY me.claim
"""

_PARCELS = """
SELECT 'parcels', me.claim, jsonb_build_object('carrier', f.tracking_company, 'lines', f.lines, 'scans', (
    SELECT jsonb_agg(jsonb_build_object('id', s.id, 'status', s.status, 'at', s.happened_at, 'city', s.city,
        'zip', s.zip, 'country', s.country))
    FROM orders_trackingevent s
    WHERE s.fulfillment_id = f.id AND s.happened_at <= me.at AND (s.deleted_at IS NULL OR s.deleted_at > me.at)
))::text
FROM me JOIN orders_fulfillment f ON f.order_id = me.order_id
WHERE f.status <> 'cancelled' AND (f.remote_created_at IS NULL OR f.remote_created_at <= me.at)
"""

_PHOTOS = """
SELECT 'photos', me.claim, jsonb_build_object('photos', count(*))::text
FROM me JOIN protection_evidence e ON e.claim_id = me.claim
WHERE e.created_at <= me.photos_until AND (e.removed_at IS NULL OR e.removed_at > me.photos_until)
GROUP BY me.claim
"""

# The same file is found by its digest; what looks the same by measuring the distance to the shop's photos of a year.
_TWIN = """
SELECT * FROM (
    SELECT DISTINCT ON (found.claim) 'twin', found.claim, jsonb_build_object(
        'claim', found.other, 'same_file', found.distance IS NULL)::text
    FROM (
        SELECT me.claim, other.claim_id AS other, NULL::integer AS distance
        FROM me JOIN protection_evidence own ON own.claim_id = me.claim
        JOIN protection_evidence other ON other.sha256 = own.sha256 AND other.sha256 <> ''
        JOIN protection_claim c ON c.id = other.claim_id JOIN orders_order o ON o.id = c.order_id
        WHERE own.created_at <= me.photos_until AND (own.removed_at IS NULL OR own.removed_at > me.photos_until)
            AND other.claim_id <> me.claim AND other.id < own.id AND o.shop_id = me.shop_id
        UNION ALL
        SELECT me.claim, other.claim_id, bit_count((own.fingerprint # other.fingerprint)::bit(64))::integer
        FROM me JOIN protection_evidence own ON own.claim_id = me.claim
        JOIN (
            SELECT e.id, e.claim_id, e.fingerprint, e.created_at, o.shop_id
            FROM protection_evidence e JOIN protection_claim c ON c.id = e.claim_id
            JOIN orders_order o ON o.id = c.order_id
            WHERE e.fingerprint IS NOT NULL
                AND e.created_at > (SELECT min(photos_until) FROM me) - %(year)s::interval
                AND e.created_at <= (SELECT max(photos_until) FROM me)
        ) other ON other.shop_id = me.shop_id AND other.id < own.id AND other.claim_id <> me.claim
        WHERE own.created_at <= me.photos_until AND (own.removed_at IS NULL OR own.removed_at > me.photos_until)
            AND other.created_at > me.photos_until - %(year)s::interval
            AND bit_count((own.fingerprint # other.fingerprint)::bit(64)) <= %(same_photo)s
    ) found ORDER BY found.claim, found.distance NULLS FIRST, found.other
) twins
"""

_BASIS = """
SELECT 'basis', me.claim, jsonb_build_object(
    'statutory', j.facts ->> 'statutory', 'override', j.facts ->> 'override_reason')::text
FROM me JOIN orders_journalentry j ON j.subject = me.public_id AND j.subject <> '' AND j.action = 'claim.submitted'
"""

_REPLACEMENTS = """
SELECT 'replacements', chain.claim, jsonb_build_object('depth', max(chain.depth))::text
FROM chain WHERE chain.depth > 0 GROUP BY chain.claim
"""

_DISPUTE = """
SELECT DISTINCT ON (me.claim) 'dispute', me.claim, jsonb_build_object('kind', d.kind)::text
FROM me JOIN orders_dispute d ON d.shop_id = me.shop_id AND d.order_remote_id = me.remote_id
WHERE COALESCE(d.initiated_at, d.updated_at) <= me.at AND (d.finalized_on IS NULL OR d.finalized_on > me.at)
"""

# Name of a part → its question. `DISTINCT ON` wants brackets in a union.
PARTS = {
    "alike": _ALIKE,
    "history": _HISTORY,
    "parcels": _PARCELS,
    "photos": _PHOTOS,
    "twin": _TWIN,
    "basis": _BASIS,
    "replacements": _REPLACEMENTS,
    "dispute": f"({_DISPUTE})",
}
