"""Buttons for chaos and for whoever checks what came of it: faults, scenarios, a walk over all orders."""

from dataclasses import asdict
from dataclasses import fields as dataclass_fields

from django.http import HttpRequest, HttpResponseBase

from sandbox.faults import Settings
from sandbox.fields import Fields, Unclear, answer, page_limit, verb
from sandbox.order_documents import gid, number_of
from sandbox.platform_controls import shop_named
from sandbox.program import running
from sandbox.scenario import HAPPENINGS, Wanted

MOST_ORDERS = 1_000_000
MOST_LINES = 100


@verb
def faults(request: HttpRequest) -> HttpResponseBase:
    """The fields of ``faults.Settings``, or ``{"reset": true}``: what is given changes."""
    try:
        settings = running().faults.set(**Fields(request).given)
    except (TypeError, ValueError) as problem:
        known = ", ".join(one.name for one in dataclass_fields(Settings))
        raise Unclear(f"{problem}; known faults are {known} and reset; shares are from 0 to 1") from None
    running().buckets.restored = settings.points_per_second
    return answer(request, asdict(settings))


def scenario(request: HttpRequest) -> HttpResponseBase:
    """GET: how far the run is. POST: begin one, or ``{"stop": true}``."""
    if request.method == "POST":
        return play(request)
    return answer(request, running().scenario.progress())


@verb
def play(request: HttpRequest) -> HttpResponseBase:
    """The fields of ``scenario.Wanted``; ``quiet`` writes history without webhooks. ``{"stop": true}`` ends the run."""
    fields, run = Fields(request), running().scenario
    if fields.flag("stop", False):
        run.stop()
        return answer(request, run.progress())
    orders, lines = fields.number("orders"), fields.number("lines")
    if orders is None or not 1 <= orders <= MOST_ORDERS or (lines is not None and not 1 <= lines <= MOST_LINES):
        raise Unclear(f"orders must be from 1 to {MOST_ORDERS}, lines from 1 to {MOST_LINES}")
    quiet = fields.flag("quiet", False)
    rate = fields.share("per_second", 0.0, most=10_000)
    shares = {name: fields.share(name, 0.0) for name in HAPPENINGS}
    if quiet and "fulfilments" not in fields.given:
        shares["fulfilments"] = 0.5
    wanted = Wanted(
        orders=orders,
        seed=fields.number("seed", 1) or 0,
        lines=lines,
        protected=fields.share("protected", 0.3),
        per_second=rate or None,
        quiet=quiet,
        **shares,
    )
    run.start(shop_named(fields), wanted)
    return answer(request, run.progress(), 202)


def walk(request: HttpRequest) -> HttpResponseBase:
    """A page of all orders in the order of their ids; ``next`` is the ``after`` of the following page, or null."""
    after, limit = request.GET.get("after", "0"), page_limit(request)
    with running().store.read() as connection:
        rows = connection.execute(
            "SELECT id, name, shop, updated_at FROM orders WHERE id > ?1 AND (?2 IS NULL OR shop = ?2)"
            " ORDER BY id LIMIT ?3",
            (number_of(after) or 0, request.GET.get("shop"), limit),
        ).fetchall()
    found = [{**dict(row), "admin_graphql_api_id": gid("Order", row["id"])} for row in rows]
    return answer(request, {"orders": found, "next": rows[-1]["id"] if len(rows) == limit else None})
