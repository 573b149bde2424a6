"""What tests of remedies share: a claim on an order of the local Shopify, decided, and carried out."""

from typing import Any

from integrations.models import Connection
from integrations.tests.changing import arrived, home, sent
from orders.models import LineItem, Order, UnitUse
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.models import Claim, PlanVersion, Resolution
from protection.review import ItemDecision
from protection.tests.builders import make_agent, make_plan
from sandbox.tests.running import Sandbox

MUGS, BOTTLES = "FW-MUG", "FW-BOTTLE"


def bought(sandbox: Sandbox, store: Connection, mugs: int = 2, bottles: int = 0, **cart: Any) -> Order:
    """A protected order of mugs and bottles."""
    if not PlanVersion.objects.filter(plan__shop=store.shop).exists():
        make_plan(store.shop)
    lines = [{"sku": sku, "quantity": units} for sku, units in ((MUGS, mugs), (BOTTLES, bottles)) if units]
    return arrived(sandbox, store, protected=True, lines=lines, **cart)


def line_of(order: Order, sku: str = MUGS) -> LineItem:
    return order.lines.get(sku=sku)


def claimed(order: Order, **wishes: Any) -> Claim:
    """A claim on everything but the fee."""
    goods = order.lines.filter(sku__in=[MUGS, BOTTLES])
    asked = [ItemAsked(line, line.quantity) for line in goods]
    return filing.file_claim(
        order, reason="damaged", items=asked, by="partner:tests", override_reason="test", wishes=filing.Wishes(**wishes)
    )


def part(claim: Claim, quantity: int | None = None, sku: str = MUGS, verdict: str = "approve", **fields: Any) -> Any:
    item = claim.items.get(line__sku=sku)
    return ItemDecision(item, verdict, item.quantity if quantity is None else quantity, **fields)


def decided(claim: Claim, *parts: ItemDecision, username: str = "ana", **more: Any) -> Claim:
    return review.decide(claim, list(parts), user=make_agent(username, None), **more)


def carried_out(store: Connection, claim: Claim, tries: int = 1) -> Claim:
    """The claim after everything that is due was sent and replacements came home."""
    sent(store, tries=tries)
    for resolution in claim.resolutions.filter(state="executed", replacement_order=None, remote_order_id__isnull=False):
        home(store, resolution.remote_order_id or 0)
    claim.refresh_from_db()
    return claim


def remedy(claim: Claim, kind: str = "") -> Resolution:
    return claim.resolutions.get(**({"kind": kind} if kind else {}))


def used(order: Order, sku: str = MUGS) -> list[tuple[str, str]]:
    """(kind, reference) of the units of a line that are used, by unit."""
    uses = UnitUse.objects.filter(line__order=order, line__sku=sku, released_at=None).order_by("unit")
    return list(uses.values_list("kind", "reference"))


def told(order: Order) -> list[str]:
    return list(order.journal.order_by("id").values_list("action", flat=True))
