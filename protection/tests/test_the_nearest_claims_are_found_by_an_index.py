"""With 20,000 past claims the nearest are still found in one query that reads a bounded number of rows."""

import time

import pytest
from django.db import connection

from protection.similar import traits
from protection.similar.nearest import NEAREST, nearest, parameters_for
from protection.tests.builders import decide, make_agent, make_claim

pytestmark = pytest.mark.django_db
CLAIMS = 20_000

_PAST = """
    INSERT INTO protection_claim (public_id, order_id, reason, description, state, outcome, next_actor, filed_by,
        override_reason, choices, found_open, appeal_why, not_again_by, version, submitted_at, decided_at, closed_at,
        created_at, updated_at)
    SELECT 'clm_past' || n, order_id, (ARRAY['lost', 'not_received', 'damaged'])[1 + n %% 3], '', 'closed',
        CASE WHEN n %% 7 = 0 THEN 'denied' ELSE 'approved' END, '', 'x', '', '[]', false, '', '[]', 1,
        now() - n * interval '1 min', now(), now(), now(), now()
    FROM protection_claim, generate_series(1, %s) n WHERE id = %s
"""
_UNLIKE = """
    UPDATE protection_claimtraits SET carrier = (ARRAY['DHL', 'UPS', 'GLS'])[1 + claim_id %% 3],
        destination = (ARRAY['US', 'FR', 'DE'])[1 + claim_id %% 5 %% 3], quiet_days = claim_id %% 31,
        value = claim_id %% 301, skus = ARRAY['S' || claim_id %% 53, 'T' || claim_id %% 59]
"""


def test_of_twenty_thousand_claims(capsys):
    first = decide(make_claim(), make_agent("ada", None))
    with connection.cursor() as cursor:
        cursor.execute(_PAST, [CLAIMS, first.pk])
        while traits.catch_up():
            pass
        cursor.execute(_UNLIKE, [])
        for table in ("protection_claim", "protection_claimtraits"):
            cursor.execute(f"ANALYZE {table}")
    claim = make_claim()
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        found = nearest(claim)
        taken.append(1000 * (time.perf_counter() - started))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {NEAREST}", parameters_for(claim))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    with capsys.disabled():
        print(f"\nThe nearest of {CLAIMS:,} claims: {min(taken):.0f} ms at best, {sorted(taken)[10]:.0f} ms mostly.")
    assert len(found.neighbours) == 10
    assert [one.distance for one in found.neighbours] == sorted(one.distance for one in found.neighbours)
    assert "traits_of_a_reason" in plan
    assert "Seq Scan on protection_claim " not in plan
