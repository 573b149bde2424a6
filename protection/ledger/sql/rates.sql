-- How many orders and claims there are in `sent`, for each thing that orders are counted by; added up before they are
-- put together, which is several times as fast.
WITH PARCELS
SELECT 'all' AS by, '' AS key, count(*) AS orders, 0 AS claims FROM sent
UNION ALL SELECT 'all', '', 0, count(*) FROM claimed
UNION ALL SELECT 'lane', lane, count(*), 0 FROM sent GROUP BY lane
UNION ALL SELECT 'lane', lane, 0, count(*) FROM claimed GROUP BY lane
UNION ALL SELECT 'carrier', carrier, count(*), 0 FROM by_carrier GROUP BY carrier
UNION ALL SELECT 'carrier', carrier, 0, count(*) FROM carriers_blamed GROUP BY carrier
UNION ALL SELECT 'warehouse', warehouse, count(*), 0 FROM by_warehouse GROUP BY warehouse
UNION ALL SELECT 'warehouse', warehouse, 0, count(*) FROM warehouses_blamed GROUP BY warehouse
UNION ALL SELECT 'sku', sku, count(*), 0 FROM by_sku GROUP BY sku
UNION ALL SELECT 'sku', sku, 0, count(*) FROM skus_blamed GROUP BY sku
UNION ALL SELECT 'reason', reason, 0, count(*) FROM claimed GROUP BY reason
