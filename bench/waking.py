"""From the commit of an event to the start of the drain: on an idle instance, and right after a burst.

Both moments are the database's clock. The first is read by the transaction's last statement before its COMMIT, so the
commit itself counts. The second is the time of the statement that claims the delivery, noted by a trigger that exists
in the measured database only: the product is not changed for it.
"""

from typing import Any

from bench import backlog, endpoints
from bench.figures import Figure, Measured, percentile
from bench.scene import Scene, size

SAMPLES = size("WAKE_SAMPLES", 50)
BURST = size("BURST", 10_000)
ORDERS = 500
HOW = f"{SAMPLES} single events on an idle instance, and {SAMPLES} right after a burst of {BURST} of {ORDERS} orders"

IDLE_P50 = Figure("commit to start of the drain, idle, p50", "ms", most=10)
IDLE_P95 = Figure("commit to start of the drain, idle, p95", "ms", most=30)
BURST_P50 = Figure("commit to start of the drain, after a burst, p50", "ms", most=10)
BURST_P95 = Figure("commit to start of the drain, after a burst, p95", "ms", most=30)
FIRST = Figure("… the very first event after the burst", "ms")
BURST_SECONDS = Figure("the burst itself, commit to last arrival", "s")

_WATCH = """
    CREATE TABLE IF NOT EXISTS bench_claimed (delivery_id bigint, at timestamptz);
    CREATE OR REPLACE FUNCTION bench_note_claim() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO bench_claimed VALUES (NEW.id, statement_timestamp()); RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER bench_note_claim AFTER UPDATE ON integrations_delivery FOR EACH ROW
    WHEN (NEW.state = 'sending' AND OLD.state <> 'sending') EXECUTE FUNCTION bench_note_claim();
"""
_FORGET = "DROP TRIGGER bench_note_claim ON integrations_delivery; DROP TABLE bench_claimed"
_CLAIMED = """
    SELECT min(c.at) FROM bench_claimed c JOIN integrations_delivery d ON d.id = c.delivery_id
    WHERE d.entry_id = %s HAVING count(*) = 1
"""


def measure(scene: Scene, measured: Measured) -> None:
    """One round of both. The worker is at work."""
    backoffice = scene.backoffice
    scene.settle()
    backoffice.execute(_WATCH)
    try:
        idle = backlog.run(backoffice, "waking_process", SAMPLES, 0, ORDERS)
        milliseconds = _milliseconds(scene, idle["committed"])
        measured.note(IDLE_P50, percentile(milliseconds, 50))
        measured.note(IDLE_P95, percentile(milliseconds, 95))
        scene.partner.arrivals.clear()
        after = backlog.run(backoffice, "waking_process", SAMPLES, BURST, ORDERS)
        arrived = {arrival.headers["webhook-id"] for arrival in scene.partner.arrivals}
        assert len(scene.partner.arrivals) == len(arrived) == BURST + SAMPLES + 1
        milliseconds = _milliseconds(scene, after["committed"])
        measured.note(BURST_P50, percentile(milliseconds, 50))
        measured.note(BURST_P95, percentile(milliseconds, 95))
        measured.note(FIRST, milliseconds[0])
        measured.note(BURST_SECONDS, after["burst_seconds"])
    finally:
        backoffice.execute(_FORGET)
    endpoints.empty(backoffice)


def _milliseconds(scene: Scene, committed: list[list[Any]]) -> list[float]:
    """For each (entry, commit time in seconds) the time to its claim, in the order they were made."""
    waits = []
    for entry, at in committed:
        [(claimed,)] = scene.backoffice.rows(_CLAIMED, entry)
        waits.append((claimed.timestamp() - at) * 1000)
    return waits
