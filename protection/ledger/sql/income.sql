-- A row for each order whose fee was charged, for each time a fee was given back, and for each payment of a carrier.
-- `amount` is without tax; a carrier pays on a day, not at a moment.
WITH parts AS (
    -- Parts of a fee that went back for goods that were taken off: the shop's refund of them names no line.
    SELECT f.coverage_id, f.public_id, f.paid_at, paid.gross - paid.tax AS amount, paid.tax
    FROM protection_feerefund f
    JOIN protection_coverage c ON c.id = f.coverage_id
    CROSS JOIN LATERAL (
        SELECT (f.amount #>> '{shop,amount}')::numeric AS gross, f.amount #>> '{shop,currency}' AS currency
    ) said
    CROSS JOIN LATERAL (
        SELECT said.gross, COALESCE(round(
            said.gross * c.collected_tax / NULLIF(c.collected + c.collected_tax, 0), DIGITS
        ), 0) AS tax
    ) paid
    WHERE f.state = 'paid' AND NOT f.whole
)
SELECT
    'collected' AS what, o.shop_id, o.currency, NULL::date AS day, placed.at, width_bucket(placed.at, span.starts) AS month,
    o.public_id AS "order", o.name, o.public_id AS source, c.collected AS amount, c.collected_tax AS tax
FROM protection_coverage c
JOIN orders_order o ON o.id = c.order_id
JOIN span ON span.shop_id = o.shop_id
CROSS JOIN LATERAL (SELECT COALESCE(o.processed_at, o.remote_created_at) AS at) placed
WHERE NOT o.test AND lower(o.financial_status) <> ALL (%(unpaid)s) AND c.collected + c.collected_tax > 0
    AND placed.at >= span.starts[1] AND placed.at < span.starts[cardinality(span.starts)]

UNION ALL

SELECT
    'refunded', o.shop_id, o.currency, NULL, given.at, width_bucket(given.at, span.starts),
    o.public_id, o.name, r.public_id,
    GREATEST(0, part.price - CASE WHEN o.taxes_included THEN part.tax ELSE 0 END - before.amount),
    GREATEST(0, part.tax - before.tax)
FROM protection_coverage c
JOIN orders_refund r ON r.order_id = c.order_id
JOIN orders_order o ON o.id = c.order_id
JOIN span ON span.shop_id = o.shop_id
CROSS JOIN LATERAL jsonb_array_elements(r.lines) line
CROSS JOIN LATERAL (
    SELECT COALESCE(r.processed_at, r.remote_created_at, o.processed_at, o.remote_created_at) AS at
) given
CROSS JOIN LATERAL (
    SELECT
        COALESCE((line #>> '{amounts,subtotal,shop,amount}')::numeric, 0) AS price,
        COALESCE((line #>> '{amounts,tax,shop,amount}')::numeric, 0) AS tax
) part
-- The line goes back whole, but what had gone back in parts is not paid again.
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(p.amount), 0) AS amount, COALESCE(sum(p.tax), 0) AS tax
    FROM parts p WHERE p.coverage_id = c.id AND p.paid_at <= given.at AND line -> 'line' = c.fee_lines -> 0
) before
WHERE NOT o.test AND lower(o.financial_status) <> ALL (%(unpaid)s) AND c.fee_lines @> (line -> 'line')
    AND given.at >= span.starts[1] AND given.at < span.starts[cardinality(span.starts)]

UNION ALL

SELECT
    'refunded', o.shop_id, o.currency, NULL, p.paid_at, width_bucket(p.paid_at, span.starts),
    o.public_id, o.name, p.public_id, p.amount, p.tax
FROM parts p
JOIN protection_coverage c ON c.id = p.coverage_id
JOIN orders_order o ON o.id = c.order_id
JOIN span ON span.shop_id = o.shop_id
WHERE NOT o.test AND lower(o.financial_status) <> ALL (%(unpaid)s)
    AND p.paid_at >= span.starts[1] AND p.paid_at < span.starts[cardinality(span.starts)]

UNION ALL

SELECT
    'recovered', o.shop_id, r.currency, r.paid_on, NULL, width_bucket(r.paid_on, %(days)s::date[]),
    o.public_id, o.name, r.public_id, r.received, 0
FROM protection_recovery r
JOIN orders_order o ON o.id = r.order_id
JOIN span ON span.shop_id = o.shop_id
WHERE NOT o.test AND r.state = 'paid' AND r.received > 0 AND width_bucket(r.paid_on, %(days)s::date[]) BETWEEN 1 AND %(months)s
