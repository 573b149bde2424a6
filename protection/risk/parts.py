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
    SELECT asked.claim, asked.at, asked.photos_until, c.public_id, c.reason, c.rule_id, c.follows_id, c.order_id,
        o.shop_id, o.customer_id, o.remote_id, o.currency
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

# Always read: what the claim and its order say themselves.
OWN = """
SELECT 'own', me.claim, json_build_object(
    'shop', me.shop_id, 'customer', me.customer_id, 'reason', me.reason, 'currency', me.currency,
    'taxes_included', o.taxes_included, 'tags', o.tags, 'address', o.shipping_address,
    'placed_at', COALESCE(o.processed_at, o.remote_created_at), 'return_needed', COALESCE(r.return_needed, false),
    'items', (
        SELECT json_agg(json_build_object('line', l.remote_id, 'sku', l.sku, 'units', i.quantity,
            'quantity', l.quantity, 'amounts', l.amounts))
        FROM protection_claimitem i JOIN orders_lineitem l ON l.id = i.line_id WHERE i.claim_id = me.claim
    ))
FROM me JOIN orders_order o ON o.id = me.order_id LEFT JOIN protection_reasonrule r ON r.id = me.rule_id
"""

_ALIKE = """
SELECT 'alike', me.claim, json_build_object(
    'kind', own.kind, 'claims', others.claims, 'newest', others.newest, 'approved', others.approved)
FROM me JOIN protection_likeness own ON own.claim_id = me.claim
CROSS JOIN LATERAL (
    SELECT count(*) AS claims, max(claim_id) AS newest, count(*) FILTER (WHERE own.kind = 'customer' AND EXISTS (
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
SELECT 'history', me.claim, json_build_object(
    'orders', count(*), 'first', min(COALESCE(o.processed_at, o.remote_created_at)),
    'average', round(avg(o.total) FILTER (WHERE o.total > 0 AND o.currency = me.currency), 4)::text)
FROM me JOIN orders_order o ON o.customer_id = me.customer_id AND o.id <> me.order_id
WHERE o.remote_created_at <= me.at AND (o.cancelled_at IS NULL OR o.cancelled_at > me.at) AND NOT o.test
GROUP BY me.claim
"""

_PARCELS = """
SELECT 'parcels', me.claim, json_build_object('carrier', f.tracking_company, 'lines', f.lines, 'scans', (
    SELECT json_agg(json_build_object('id', s.remote_id, 'status', s.status, 'at', s.happened_at, 'city', s.city,
        'zip', s.zip, 'country', s.country))
    FROM orders_trackingevent s
    WHERE s.fulfillment_id = f.id AND s.happened_at <= me.at AND (s.deleted_at IS NULL OR s.deleted_at > me.at)
))
FROM me JOIN orders_fulfillment f ON f.order_id = me.order_id
WHERE f.status <> 'cancelled' AND (f.remote_created_at IS NULL OR f.remote_created_at <= me.at)
"""

_PHOTOS = """
SELECT 'photos', me.claim, json_build_object('photos', count(*))
FROM me JOIN protection_evidence e ON e.claim_id = me.claim
WHERE e.created_at <= me.photos_until AND (e.removed_at IS NULL OR e.removed_at > me.photos_until)
GROUP BY me.claim
"""

# The same file is found by its digest. What looks the same shares one of seven parts of its fingerprint with it, as no
# more than six bits differ, and an index knows the parts.
_TWIN = """
SELECT * FROM (
    SELECT DISTINCT ON (me.claim) 'twin', me.claim, json_build_object(
        'claim', other.claim_id, 'same_file', other.sha256 = own.sha256)
    FROM me JOIN protection_evidence own ON own.claim_id = me.claim
    CROSS JOIN LATERAL (
        SELECT same.id, same.claim_id, same.sha256, same.fingerprint FROM protection_evidence same
        WHERE same.sha256 = own.sha256 AND same.sha256 <> ''
        UNION
        SELECT like_it.id, like_it.claim_id, like_it.sha256, like_it.fingerprint FROM protection_evidence like_it
        WHERE protection_photo_parts(like_it.fingerprint) && protection_photo_parts(own.fingerprint)
            AND bit_count((own.fingerprint # like_it.fingerprint)::bit(64)) <= %(same_photo)s
            AND like_it.created_at > me.photos_until - %(year)s::interval
    ) other
    JOIN protection_claim c ON c.id = other.claim_id JOIN orders_order o ON o.id = c.order_id
    WHERE own.created_at <= me.photos_until AND (own.removed_at IS NULL OR own.removed_at > me.photos_until)
        AND other.claim_id <> me.claim AND other.id < own.id AND o.shop_id = me.shop_id
    ORDER BY me.claim, other.sha256 = own.sha256 DESC,
        bit_count((own.fingerprint # other.fingerprint)::bit(64)) NULLS LAST, other.claim_id
) twins
"""

_BASIS = """
SELECT 'basis', me.claim, json_build_object(
    'statutory', j.facts ->> 'statutory', 'override', j.facts ->> 'override_reason')
FROM me JOIN orders_journalentry j ON j.subject = me.public_id AND j.subject <> '' AND j.action = 'claim.submitted'
"""

_REPLACEMENTS = """
SELECT 'replacements', chain.claim, json_build_object('depth', max(chain.depth))
FROM chain WHERE chain.depth > 0 GROUP BY chain.claim
"""

_DISPUTE = """
SELECT DISTINCT ON (me.claim) 'dispute', me.claim, json_build_object('kind', d.kind)
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
