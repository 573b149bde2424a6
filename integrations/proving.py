"""The proof that a store and we are the same: a round trip through the whole line, and orders compared field by field.

The trip is that of `shopify/round_trip`: a query which writes nothing at the store and whose end Shopify tells by a
webhook. While it is on its way, orders drawn by lot are read whole and compared in every field; the seed of the draw is
kept, so that it can be drawn again. What differs is healed like any drift, and the check says that it differed.
"""

import random
import time
from typing import Any

from django.db.models import Max, Min

from integrations import comparing, passes
from integrations.errors import GiveUp, RetryLater, Unreadable
from integrations.models import Connection, SyncRun
from integrations.passes import Over, Stuck
from integrations.reconcile import stores
from integrations.shopify import round_trip, waiting
from integrations.shopify.pacing import Paced
from orders.models import Order

SAMPLE = 25
PATIENCE = 20.0  # seconds that one slice may wait for the shop's budget
LOOK_SECONDS = 1.0
SHOWN = 20


def begin_all() -> None:
    """Begin a check of every store that has none under way. Run every hour."""
    for connection in stores():
        try:
            begin(connection, by="schedule")
        except passes.UnderWay:
            continue


def begin(connection: Connection, *, sample: int = SAMPLE, seed: int | None = None, by: str) -> SyncRun:
    """A new check of a store; the workers carry it on. Raises passes.UnderWay."""
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    cursor = {"phase": "set_out", "sample": sample, "seed": seed}
    return passes.begin(connection, SyncRun.Kind.CHECK, by=by, cursor=cursor)


def step(run: SyncRun, deadline: float) -> bool:
    """One slice of a check until `deadline` (time.monotonic); True when it is over. Raises Stuck, Over."""
    cursor = run.cursor
    if cursor["phase"] == "set_out":
        _set_out(run)
    shopify = Paced(run.connection, patience=PATIENCE)
    while cursor["todo"]:
        if time.monotonic() > deadline:
            return False
        _compare(run, shopify, cursor["todo"][0])
        cursor["todo"].pop(0)
        passes.came_further(run)
        passes.keep(run)
    _look(run)
    return True


def last(connection: Connection) -> SyncRun | None:
    """The store's last check that ended."""
    ended = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.CHECK, cursor__has_key="seed")
    return ended.exclude(state=SyncRun.State.RUNNING).order_by("-id").first()


def _set_out(run: SyncRun) -> None:
    """Begin the trip and draw the orders. A trip that cannot be begun does not hold up the comparison."""
    drawn = draw(run.connection, run.cursor["sample"], run.cursor["seed"])
    run.facts |= {"seed": run.cursor["seed"], "sample": len(drawn)}
    run.total = len(drawn)
    try:
        round_trip.set_out(run.connection, run)
    except (GiveUp, RetryLater) as error:
        run.facts["trip_failure"] = str(error)[:300]
    run.cursor |= {"phase": "compare", "todo": drawn}
    passes.keep(run)


def draw(connection: Connection, number: int, seed: int) -> list[int]:
    """Remote ids of orders drawn by lot; the same seed draws the same while no order comes or goes."""
    ours = Order.objects.filter(shop=connection.shop_id, deleted_at=None)
    ends = ours.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    dice, drawn = random.Random(seed), dict[int, None]()  # noqa: S311 a lot, not a secret
    for _ in range(number * 4):  # by places between the first and the last: nobody counts a big table for a lot
        place = dice.randint(ends["first"], ends["last"])
        found = ours.filter(pk__gte=place).order_by("pk").values_list("remote_id", flat=True).first()
        if found is not None:
            drawn[found] = None
        if len(drawn) == number:
            break
    return list(drawn)


def _compare(run: SyncRun, shopify: Paced, remote_id: int) -> None:
    try:
        on_its_way = remote_id in waiting.orders_told_of(run.connection)
        comparison = comparing.read_and_heal(
            run.connection, remote_id, by=run.by, shopify=shopify, is_drift=lambda read: not on_its_way
        )
    except RetryLater as error:
        raise Stuck(str(error), error.after or passes.FAULT_SECONDS) from error
    except waiting.TooMany as error:
        raise Stuck(str(error), passes.FAULT_SECONDS) from error
    except GiveUp as error:
        if error.parked == "configuration":
            raise Over(str(error)) from error
        _note(run, remote_id, str(error))
        run.failed += 1
        return
    except Unreadable as error:
        _note(run, remote_id, str(error))
        run.failed += 1
        return
    run.looked_at += 1
    if comparison.what == "hidden":
        run.facts["hidden"] = run.facts.get("hidden", 0) + 1
    if not comparison.is_drift or not (comparison.healed or comparison.found):
        return
    run.drift_found += 1
    run.healed += not comparison.found
    _note(run, remote_id, ", ".join(one.field for one in [*comparison.healed, *comparison.found]))


def _note(run: SyncRun, remote_id: int, what: str) -> None:
    differing: list[dict[str, Any]] = run.facts.setdefault("failures", [])
    if len(differing) < SHOWN:
        differing.append({"order": remote_id, "why": what[:300]})


def _look(run: SyncRun) -> None:
    """Whether the trip has come home; raises Stuck while it may still come, Over when it failed."""
    if failure := run.facts.get("trip_failure"):
        raise Over(f"The round trip could not be made: {failure}")
    seen = round_trip.arrival(run)
    if seen.handled:
        return
    if round_trip.is_overdue(run):
        raise Over(seen.failure)
    raise Stuck("the webhook of the round trip", LOOK_SECONDS)
