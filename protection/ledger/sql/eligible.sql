-- A row for each order that could have protection when it was placed, and whether it has.
WITH offered AS (
    SELECT p.shop_id, p.currency, min(v.effective_from) AS since
    FROM protection_plan p JOIN protection_planversion v ON v.plan_id = p.id
    WHERE p.market = '' GROUP BY p.shop_id, p.currency
)
SELECT
    o.shop_id, o.currency, placed.at, o.public_id AS "order", o.name, o.total AS value, c.id IS NOT NULL AS protected
FROM orders_order o
JOIN span ON span.shop_id = o.shop_id
LEFT JOIN protection_coverage c ON c.order_id = o.id AND c.status <> 'removed'
LEFT JOIN offered theirs ON theirs.shop_id = o.shop_id AND theirs.currency = o.presentment_currency
LEFT JOIN offered ours ON ours.shop_id = o.shop_id AND ours.currency = o.currency
CROSS JOIN LATERAL (SELECT COALESCE(o.processed_at, o.remote_created_at) AS at) placed
WHERE NOT o.test
    AND placed.at >= span.starts[1] AND placed.at < span.starts[cardinality(span.starts)]
    AND (c.id IS NOT NULL OR (
        o.id IN (
            SELECT l.order_id FROM orders_lineitem l WHERE l.requires_shipping AND NOT l.gift_card AND NOT l.tip
        )
        AND o.id NOT IN (
            SELECT r.replacement_order_id FROM protection_resolution r WHERE r.replacement_order_id IS NOT NULL
        )
        AND (theirs.since <= placed.at OR ours.since <= placed.at OR EXISTS (
            SELECT FROM protection_plan p JOIN protection_planversion v ON v.plan_id = p.id
            WHERE p.shop_id = o.shop_id AND p.currency IN (o.presentment_currency, o.currency)
                AND v.effective_from <= placed.at AND p.countries @> to_jsonb(o.destination)
        ))
    ))
