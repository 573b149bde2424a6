"""Two agents press at the same moment, on two connections: one files, the other is told."""

import threading

import pytest
from django.db import connection

from protection.models import Recovery
from protection.recovery import filing, opening
from protection.recovery.actors import Actor, RecoveryRefused
from protection.tests.carriers import granted, make_recovery

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: object) -> list[object]:
    """What each function returned or raised, all begun together."""
    gate, results = threading.Barrier(len(acts)), []

    def run(act: object) -> None:
        try:
            gate.wait(10)
            results.append(act())  # type: ignore[operator]
        except RecoveryRefused as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_filing_twice_yields_one() -> None:
    recovery = make_recovery()
    names = ("ana", "ben", "cleo", "dan")
    results = at_once(*(
        lambda name=name: filing.file(recovery, actor=Actor(f"staff:{name}", "agent"), reference=name) for name in names
    ))  # fmt: skip
    filed = [one for one in results if isinstance(one, Recovery)]
    refused = [one for one in results if isinstance(one, RecoveryRefused)]
    assert (len(filed), [one.code for one in refused]) == (1, ["wrong_state"] * 3)
    recovery.refresh_from_db()
    assert recovery.reference == filed[0].reference
    assert recovery.order.journal.filter(action="recovery.filed").count() == 1


def test_two_workers_open_one() -> None:
    claim = granted()
    results = at_once(*[lambda: opening.look(claim)] * 4)
    assert [type(one) for one in results] == [list] * 4
    assert Recovery.objects.count() == 1
    assert claim.order.journal.filter(action="recovery.eligible").count() == 1
