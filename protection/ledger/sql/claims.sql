-- A row for each claim that is open, or was closed in the last 365 days.
SELECT
    o.shop_id, o.currency, cl.public_id AS claim, cl.reason, cl.state, cl.outcome, o.public_id AS "order", o.name,
    cl.created_at AS filed_at, cl.closed_at AS at,
    CASE cl.state WHEN 'closed' THEN 'closed' WHEN 'decided' THEN 'promised' WHEN 'resolving' THEN 'promised'
        ELSE 'open' END AS stands,
    cl.outcome IN ('approved', 'partial') AS approved,
    EXISTS (SELECT FROM protection_resolution r WHERE r.claim_id = cl.id AND r.state = 'executed') AS carried_out
FROM protection_claim cl
JOIN orders_order o ON o.id = cl.order_id
JOIN span ON span.shop_id = o.shop_id
WHERE NOT o.test AND cl.state <> 'draft' AND (cl.state <> 'closed' OR cl.closed_at >= span.history)
