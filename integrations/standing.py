"""How systems stand on orders: in step, pending, failed or in conflict, read for many orders at once.

Pending is on its way. Failed is tried again after a failure, or parked. Conflict is refused by the receiver, or known
to differ (an open `Drift`): there waiting does not help, somebody must look.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, FilteredRelation, Max, Min, Q, QuerySet

from integrations.models import Connection, Delivery, Drift
from orders.models import Order

State = Delivery.State

IN_STEP, PENDING, FAILED, CONFLICT = "in_step", "pending", "failed", "conflict"
KINDS = {IN_STEP: "In step", PENDING: "Pending", FAILED: "Failed", CONFLICT: "Conflict"}
TONES = {IN_STEP: "good", PENDING: "info", FAILED: "warn", CONFLICT: "bad"}
WORST_FIRST = (CONFLICT, FAILED, PENDING, IN_STEP)

_OPEN = Q(state__in=Delivery.OPEN)
_PARKED = Q(state=State.PARKED)
_REFUSED = _PARKED & Q(parked_because=Delivery.Parked.REFUSED)


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection's standing on one order. `since`: the oldest thing waiting, or the last delivery when in step.

    `stuck` is the delivery to look at when something is wrong.
    """

    connection_id: int
    label: str
    kind: str = IN_STEP
    words: str = "In step"
    tone: str = "good"
    since: datetime | None = None
    stuck: int | None = None


def orders_out_of_step(*, conflict_only: bool = False) -> QuerySet[Any, Any]:
    """Ids of the orders on which some system is not in step; read from the open rows only, however many are done."""
    deliveries = Delivery.objects.filter(_REFUSED if conflict_only else _OPEN, order__isnull=False).order_by()
    drifts = Drift.objects.filter(healed_at=None).order_by()
    return deliveries.values_list("order_id").union(drifts.values_list("order_id"))


def standings(order_ids: Collection[int]) -> dict[tuple[int, int], Standing]:
    """(order, connection) → standing, for every connection that was told of the order or differs on it; two queries."""
    found = _told(order_ids)
    drifts = Drift.objects.filter(order__in=order_ids, healed_at=None)
    for row in drifts.values("order_id", "connection_id", "connection__label", "fields", "found_at"):
        key = (row["order_id"], row["connection_id"])
        found[key] = _differs(found.get(key), key[1], row["connection__label"], row["fields"], row["found_at"])
    return found


def standings_of(order: Order) -> list[Standing]:
    """Everybody's standing on one order, by label, its shop's own line included; two queries.

    The order came from its shop, so that line agrees until somebody finds that it does not.
    """
    found = {connection_id: standing for (_, connection_id), standing in _told([order.pk]).items()}
    still_open = FilteredRelation("drifts", condition=Q(drifts__order=order, drifts__healed_at=None))
    own = Connection.objects.filter(shop=order.shop_id).annotate(drift=still_open)
    for pk, label, fields, found_at in own.values_list("pk", "label", "drift__fields", "drift__found_at"):
        if fields is not None:
            found[pk] = _differs(found.get(pk), pk, label, fields, found_at)
        found.setdefault(pk, Standing(pk, label))
    return sorted(found.values(), key=lambda standing: (standing.label, standing.connection_id))


def _told(order_ids: Collection[int]) -> dict[tuple[int, int], Standing]:
    return {(row["order_id"], row["connection_id"]): _standing(row) for row in _deliveries(order_ids)}


def _differs(known: Standing | None, pk: int, label: str, fields: list[Any], found_at: datetime) -> Standing:
    """The standing of a connection that is known to differ; what it refused goes before that."""
    if known and known.kind == CONFLICT:
        return known
    number = len(fields)
    words = f"Differs in {number} field{'s' if number != 1 else ''}"
    return Standing(pk, label, CONFLICT, words, "bad", found_at, known.stuck if known else None)


def _deliveries(order_ids: Collection[int]) -> Any:
    rows = Delivery.objects.filter(order__in=order_ids).order_by("connection__label", "connection_id")
    return rows.values("order_id", "connection_id", "connection__label", "connection__paused_at").annotate(
        waiting=Count("id", filter=_OPEN),
        parked=Min("id", filter=_PARKED),
        refused=Min("id", filter=_REFUSED),
        because=Min("parked_because", filter=_PARKED),
        retrying=Min("id", filter=Q(state=State.RETRYING)),
        oldest=Min("created_at", filter=_OPEN),
        last=Max("delivered_at"),
    )


def _standing(row: dict[str, Any]) -> Standing:
    """The worst thing that can be said about one connection's deliveries of one order."""
    waiting, oldest = row["waiting"], row["oldest"]

    def standing(kind: str, words: str, stuck: int | None = None, tone: str = "") -> Standing:
        label = row["connection__label"]
        return Standing(row["connection_id"], label, kind, words, tone or TONES[kind], oldest or row["last"], stuck)

    if not waiting:
        return standing(IN_STEP, "In step")
    if row["parked"]:
        because = Delivery.Parked.REFUSED if row["refused"] else Delivery.Parked(row["because"])
        held = f"; {waiting - 1} more wait behind it" if waiting > 1 else ""
        words = f"Parked: {because.label.lower()}{held}"
        return standing(CONFLICT if row["refused"] else FAILED, words, row["refused"] or row["parked"], "bad")
    if row["connection__paused_at"]:
        return standing(FAILED if row["retrying"] else PENDING, f"Paused, {waiting} waiting", row["retrying"], "warn")
    if row["retrying"]:
        return standing(FAILED, f"Retrying, {waiting} waiting", row["retrying"])
    return standing(PENDING, f"{waiting} on the way")
