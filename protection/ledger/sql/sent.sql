-- A row for each covered order that was sent and each thing it is counted by, with the claims on it that are about that.
WITH PARCELS,
every AS (SELECT order_id, count(*) AS claims FROM claimed GROUP BY order_id)
SELECT 'all' AS by, '' AS key, sent.order_id, COALESCE(every.claims, 0) AS claims
FROM sent LEFT JOIN every USING (order_id)
UNION ALL
SELECT 'lane', sent.lane, sent.order_id, COALESCE(every.claims, 0) FROM sent LEFT JOIN every USING (order_id)
UNION ALL
SELECT 'carrier', carrier, order_id, COALESCE(n.claims, 0) FROM by_carrier
LEFT JOIN (SELECT order_id, carrier, count(*) AS claims FROM carriers_blamed GROUP BY 1, 2) n USING (order_id, carrier)
UNION ALL
SELECT 'warehouse', warehouse, order_id, COALESCE(n.claims, 0) FROM by_warehouse
LEFT JOIN (SELECT order_id, warehouse, count(*) AS claims FROM warehouses_blamed GROUP BY 1, 2) n
    USING (order_id, warehouse)
UNION ALL
SELECT 'sku', sku, order_id, COALESCE(n.claims, 0) FROM by_sku
LEFT JOIN (SELECT order_id, sku, count(*) AS claims FROM skus_blamed GROUP BY 1, 2) n USING (order_id, sku)
UNION ALL
SELECT 'reason', reason, order_id, count(*) FROM claimed GROUP BY reason, order_id
