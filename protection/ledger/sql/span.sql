-- The shops asked about, each with the moments at which its months begin (its own midnight) and the one after the last,
-- and the moment from which on the past says something about open claims.
SELECT
    (shop ->> 'id')::bigint AS shop_id,
    ARRAY(
        SELECT at::timestamptz FROM jsonb_array_elements_text(shop -> 'starts') WITH ORDINALITY AS t (at, place)
        ORDER BY place
    ) AS starts,
    (shop ->> 'history')::timestamptz AS history
FROM jsonb_array_elements(%(shops)s::jsonb) AS shop
