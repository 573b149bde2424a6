"""Calls to systems that need the database while they talk (Shopify): one at a time on each connection."""

import time
from functools import partial

from backoffice import failpoints
from integrations import bells, systems, worker
from integrations.claiming import claim, ensure_health
from integrations.drains import slot, until_empty
from integrations.models import Connection, Delivery
from integrations.settling import Outcome, settle, tried

CALLERS = 2  # of each worker's processes at the most, so that slow shops leave some for the rest


def drain(connection_id: int) -> int:
    """Carry out what is due on one connection for at most 20 s; returns how many tries. Rings again if any are left."""
    with slot(f"calls:{connection_id}", 1) as mine, slot(f"calls:{worker.HOST}", CALLERS) as free:
        connection = Connection.objects.select_related("shop").filter(pk=connection_id).first()
        if not mine or not free or connection is None or connection.system in systems.AT_ONCE:
            return 0
        ensure_health()
        done = until_empty(lambda: _next(connection))
    if f"{bells.CALLS}:{connection_id}" in bells.due():
        bells.ring(bells.CALLS, connection_id)
    return done


def _next(connection: Connection) -> int:
    calls = systems.module(connection.system, "outbound").CALLS
    claimed = claim([connection.system], 1, calls=calls, only=connection.pk).deliveries
    for taken in claimed:
        delivery = Delivery.objects.select_related("entry__shop", "entry__order").get(pk=taken.id)
        delivery.connection = connection
        failpoints.reach("calls.claimed")
        started = time.monotonic()
        result = tried(partial(systems.module(connection.system, "outbound").push, delivery))
        milliseconds = int((time.monotonic() - started) * 1000)
        failpoints.reach("calls.answered")
        settle([Outcome(taken.id, connection.pk, taken.fence, taken.attempts, result, milliseconds)])
    return len(claimed)
