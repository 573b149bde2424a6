"""`make bench ONLY=…` puts its figures in the place of the older ones and leaves the rest as it was."""

from bench.__main__ import beside
from bench.figures import Figure, Measured

BEFORE = {
    "date": "2026-01-01", "how": {"rounds": 3, "idling": "30 s"},
    "figures": {"CPU": {"median": 1.0}, "rate": {"median": 2.0}}, "skipped": {"Celery": "not here"},
}  # fmt: skip


def test_new_figures_take_the_place_of_the_old_and_say_when_they_were_taken():
    measured = Measured()
    measured.note(Figure("rate", "orders/s", least=5), 4.0)
    results = beside(BEFORE, {"date": "2026-02-02"}, {"backfill": "100 orders"}, measured, rounds=1)
    assert results["figures"]["CPU"] == {"median": 1.0}
    assert (results["figures"]["rate"]["median"], results["figures"]["rate"]["met"]) == (4.0, False)
    assert results["how"] == {"rounds": 3, "idling": "30 s", "backfill": "100 orders"}
    assert (results["date"], results["alone"]) == ("2026-01-01", {"backfill": {"date": "2026-02-02", "rounds": 1}})
    assert results["skipped"] == {"Celery": "not here"}
