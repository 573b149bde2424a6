"""The statements that keep a pass's place in its file, and what was set aside of the file before it was loaded."""
# ruff: noqa: S608 all parts are constants of ours

from integrations.history.merging import SHOP

# Children that do not stand behind their order, in the order of the file; staged before the orders are loaded.
STAGE_FAR = "COPY integrations_farchild (run_id, parent, at, line) FROM STDIN"
FORGET_FAR = "DELETE FROM integrations_farchild WHERE run_id = %(run)s"
STAGED = """
    UPDATE integrations_syncrun
    SET total = looked_at + %(total)s, cursor = cursor || jsonb_build_object('far', %(far)s::bigint)
    WHERE id = %(run)s AND state = 'running'
"""
ARE_STAGED = "SELECT EXISTS (SELECT FROM integrations_farchild WHERE run_id = %(run)s)"
FAR_CHILDREN = """
    SELECT parent, line FROM integrations_farchild WHERE run_id = %(run)s AND parent = ANY(%(keys)s) ORDER BY at
"""
# Children whose order was nowhere: not in the file, and not here.
ORPHANS = f"""
    SELECT count(*) FROM integrations_farchild f
    WHERE run_id = %(run)s AND substring(parent FOR 6) = 'Order/' AND NOT EXISTS (
        SELECT FROM orders_order o
        WHERE o.shop_id = {SHOP} AND o.remote_id = convert_from(substring(parent FROM 7), 'UTF8')::bigint)
"""

# Written in the transaction of the rows, so that both are there or neither; no row: another loader has this pass.
PROGRESS = """
    UPDATE integrations_syncrun
    SET cursor = cursor || jsonb_build_object('at', %(end)s::bigint, 'reached',
            COALESCE(%(reached)s::text, cursor->>'reached')),
        looked_at = looked_at + %(looked_at)s,
        failed = failed + %(failed)s, beat_at = statement_timestamp(),
        facts = facts || jsonb_build_object(
            'made', COALESCE((facts->>'made')::bigint, 0) + %(made)s::bigint,
            'changed', COALESCE((facts->>'changed')::bigint, 0) + %(changed)s::bigint,
            'parcels', COALESCE((facts->>'parcels')::bigint, 0) + %(parcels)s::bigint,
            'failures', CASE WHEN jsonb_array_length(COALESCE(facts->'failures', '[]')) < %(noted)s
                THEN COALESCE(facts->'failures', '[]') || %(failures)s ELSE facts->'failures' END)
    WHERE id = %(run)s AND state = 'running' AND COALESCE((cursor->>'at')::bigint, 0) = %(at)s
"""
