-- A row for each remedy that was carried out and not taken back: what it cost, part by part, and where each part is from.
WITH usual AS (
    -- What was entered for this time; the first entry also holds for all that came before it.
    SELECT s.*, COALESCE(lead(effective_from) OVER entered, 'infinity') AS until,
        CASE WHEN row_number() OVER entered = 1 THEN '-infinity' ELSE effective_from END AS since
    FROM protection_coststandard s WINDOW entered AS (PARTITION BY shop_id, currency ORDER BY effective_from)
),
remedies AS (
    SELECT
        r.id, r.public_id, r.executed_at, r.kind, 
        CASE WHEN r.cost #> '{entered,goods}' IS NOT NULL THEN 'entered' ELSE r.cost ->> 'goods_at' END AS goods_at,
        (r.cost #>> '{entered,label,amount}')::numeric AS label, (r.cost #>> '{entered,duty,amount}')::numeric AS duty,
        CASE WHEN r.kind = 'replacement' THEN COALESCE((r.cost #>> '{entered,goods,amount}')::numeric, (r.cost #>> '{goods,amount}')::numeric, (
            SELECT sum((line #>> '{unit_price,amount}')::numeric * (line ->> 'quantity')::int)
            FROM jsonb_array_elements(r.lines) line
        ), 0) ELSE 0 END AS goods,
        CASE WHEN r.kind IN ('refund', 'store_credit', 'gift_card', 'goodwill')
            THEN COALESCE((r.cost #>> '{money,amount}')::numeric, (r.amount #>> '{shop,amount}')::numeric, 0) ELSE 0
        END AS money,
        cl.id AS claim_id, cl.public_id AS claim, cl.reason, cl.follows_id, o.id AS order_id, o.shop_id, o.currency,
        span.starts, span.history, u.goods_share,
        CASE WHEN way.international THEN u.label_international ELSE u.label_domestic END AS usual_label,
        CASE WHEN way.international THEN u.duty_international ELSE u.duty_domestic END AS usual_duty
    FROM protection_resolution r
    JOIN protection_claim cl ON cl.id = r.claim_id
    JOIN orders_order o ON o.id = cl.order_id
    JOIN orders_shop shop ON shop.id = o.shop_id
    JOIN span ON span.shop_id = o.shop_id
    LEFT JOIN usual u ON u.shop_id = o.shop_id AND u.currency = o.currency
        AND r.executed_at >= u.since AND r.executed_at < u.until
    CROSS JOIN LATERAL (
        SELECT COALESCE(NULLIF(upper(cl.ship_to ->> 'country_code'), ''), o.destination) AS country
    ) sent_to
    CROSS JOIN LATERAL (
        SELECT shop.country <> '' AND sent_to.country <> '' AND sent_to.country <> shop.country AS international
    ) way
    WHERE NOT o.test AND r.state = 'executed'
),
parts AS (
    SELECT m.*,
        CASE WHEN goods_at IN ('cost', 'entered') OR kind <> 'replacement' THEN goods
            ELSE round(goods * COALESCE(goods_share, %(share)s) / 100, DIGITS) END AS goods_cost,
        CASE WHEN goods_at IN ('cost', 'entered') THEN goods_at WHEN kind <> 'replacement' THEN '' ELSE 'estimated'
            END AS goods_from,
        COALESCE(label, CASE WHEN kind = 'replacement' THEN usual_label END, 0) AS label_cost,
        CASE WHEN label IS NOT NULL THEN 'entered' WHEN kind <> 'replacement' THEN ''
            WHEN usual_label IS NOT NULL THEN 'usual' ELSE 'unknown' END AS label_from,
        COALESCE(duty, CASE WHEN kind = 'replacement' THEN usual_duty END, 0) AS duty_cost,
        CASE WHEN duty IS NOT NULL THEN 'entered' WHEN kind <> 'replacement' THEN ''
            WHEN usual_duty IS NOT NULL THEN 'usual' ELSE 'unknown' END AS duty_from
    FROM remedies m
)
SELECT
    p.shop_id, p.currency, p.executed_at AS at, width_bucket(p.executed_at, p.starts) AS month,
    p.executed_at >= p.history AS recent,
    p.public_id AS resolution, p.kind, p.claim, p.claim_id, p.reason, p.order_id,
    p.goods_cost AS goods, p.goods_from, p.label_cost AS label, p.label_from, p.duty_cost AS duty, p.duty_from, p.money,
    p.goods_cost + p.label_cost + p.duty_cost + p.money AS cost,
    CASE WHEN c.id IS NOT NULL OR p.follows_id IS NOT NULL THEN 'fee' ELSE 'no fee' END AS covered_by
FROM parts p
LEFT JOIN protection_coverage c ON c.order_id = p.order_id AND c.status <> 'removed'
