-- Parcels of covered orders, and the claims on these orders: what both the rates and the rows behind them are made of.
-- What is empty or not known is "?".
covered AS MATERIALIZED (
    SELECT o.id, o.shop_id, c.fee_lines,
        COALESCE(NULLIF(shop.country, ''), '?') || ' → ' || COALESCE(NULLIF(o.destination, ''), '?') AS lane
    FROM protection_coverage c
    JOIN orders_order o ON o.id = c.order_id
    JOIN orders_shop shop ON shop.id = o.shop_id
    JOIN span ON span.shop_id = o.shop_id
    CROSS JOIN LATERAL (SELECT COALESCE(o.processed_at, o.remote_created_at) AS at) placed
    WHERE NOT o.test AND c.status <> 'removed'
        -- The planner takes every second row for true here, of two comparisons only every ninth; then it would look up
        -- each order by itself in all that follows.
        AND CASE WHEN placed.at < span.starts[1] THEN false ELSE placed.at < span.starts[cardinality(span.starts)] END
),
parcels AS MATERIALIZED (
    SELECT f.id, f.order_id, COALESCE(NULLIF(btrim(f.tracking_company), ''), '?') AS carrier,
        COALESCE(NULLIF(place.name, ''), f.location_id::text, '?') AS warehouse
    FROM covered
    JOIN orders_fulfillment f ON f.order_id = covered.id AND f.status <> 'cancelled'
    LEFT JOIN orders_location place ON place.shop_id = covered.shop_id AND place.remote_id = f.location_id
),
sent AS MATERIALIZED (
    SELECT covered.id AS order_id, covered.lane, covered.fee_lines, n.parcels
    FROM covered JOIN (SELECT order_id, count(*) AS parcels FROM parcels GROUP BY order_id) n ON n.order_id = covered.id
),
claimed AS MATERIALIZED (
    SELECT cl.id, cl.order_id, cl.reason, sent.lane, sent.parcels FROM protection_claim cl
    JOIN sent ON sent.order_id = cl.order_id
    WHERE cl.state <> 'draft' AND cl.outcome <> 'duplicate'
),
-- A claim is about the parcels with its lines; where none names them, about all of the order's.
held AS MATERIALIZED (
    SELECT i.claim_id, f.id AS parcel_id
    FROM claimed cl
    JOIN protection_claimitem i ON i.claim_id = cl.id
    JOIN orders_lineitem l ON l.id = i.line_id
    JOIN orders_fulfillment f ON f.order_id = cl.order_id AND f.status <> 'cancelled'
    WHERE cl.parcels > 1 AND f.lines @> jsonb_build_array(jsonb_build_object('line', l.remote_id))
),
blamed AS MATERIALIZED (
    SELECT cl.id, cl.order_id, p.carrier, p.warehouse
    FROM claimed cl
    JOIN parcels p ON p.order_id = cl.order_id
    WHERE (cl.id, p.id) IN (SELECT claim_id, parcel_id FROM held) OR cl.id NOT IN (SELECT claim_id FROM held)
),
by_carrier AS (SELECT DISTINCT order_id, carrier FROM parcels),
by_warehouse AS (SELECT DISTINCT order_id, warehouse FROM parcels),
by_sku AS (
    SELECT DISTINCT l.order_id, COALESCE(NULLIF(l.sku, ''), '?') AS sku
    FROM sent JOIN orders_lineitem l ON l.order_id = sent.order_id
    WHERE l.requires_shipping AND NOT l.tip AND NOT l.gift_card AND NOT sent.fee_lines @> to_jsonb(l.remote_id)
),
carriers_blamed AS (SELECT DISTINCT id, order_id, carrier FROM blamed),
warehouses_blamed AS (SELECT DISTINCT id, order_id, warehouse FROM blamed),
skus_blamed AS (
    SELECT DISTINCT cl.id, cl.order_id, COALESCE(NULLIF(l.sku, ''), '?') AS sku
    FROM claimed cl JOIN protection_claimitem i ON i.claim_id = cl.id JOIN orders_lineitem l ON l.id = i.line_id
)
