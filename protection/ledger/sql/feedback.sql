-- A row for each answer of a customer to how the claim went, by the day it was given.
SELECT o.shop_id, f.created_at AS at, f.public_id AS feedback, f.score, cl.public_id AS claim, cl.reason, cl.outcome
FROM protection_feedback f
JOIN protection_claim cl ON cl.id = f.claim_id
JOIN orders_order o ON o.id = cl.order_id
JOIN span ON span.shop_id = o.shop_id
WHERE NOT o.test AND f.created_at >= span.starts[1] AND f.created_at < span.starts[cardinality(span.starts)]
