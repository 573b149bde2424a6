"""From decisions to remedies: one resolution for each kind, its units used, its start journaled; all in one commit."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from orders import entitlement
from orders.entitlement import UnitAlreadyUsed
from orders.journal import record
from orders.models import LineItem, StockItem, UnitUse
from protection.models import Claim, Decision, Resolution
from protection.shares import bag_of, total
from protection.verdicts import DecisionRefused

Kind = Resolution.Kind
# What the units of a remedy count as used for; a goodwill amount leaves them as they are.
USES = {
    Kind.REPLACEMENT: UnitUse.Kind.REPLACEMENT,
    Kind.REFUND: UnitUse.Kind.REFUND,
    Kind.STORE_CREDIT: UnitUse.Kind.CREDIT,
    Kind.GIFT_CARD: UnitUse.Kind.CREDIT,
    Kind.HANDLED_ELSEWHERE: UnitUse.Kind.CREDIT,
}


def plan(claim: Claim, decisions: Iterable[Decision], *, by: str, not_before: datetime) -> list[Resolution]:
    """Plan what was approved; raises DecisionRefused where a unit was used meanwhile."""
    groups: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        if decision.remedy != Decision.Remedy.NONE:
            groups.setdefault((decision.remedy, decision.paid_as), []).append(decision)
    titles = _titles(claim, [d.variant_id for rows in groups.values() for d in rows if d.variant_id])
    planned = []
    for (kind, paid_as), rows in groups.items():
        lines = [_line(row, titles) for row in rows]
        planned.append(begin(claim, kind, lines, by=by, not_before=not_before, paid_as=paid_as))
    return planned


def begin(
    claim: Claim,
    kind: str,
    lines: list[dict[str, Any]],
    *,
    by: str,
    not_before: datetime,
    paid_as: str = "",
    instead_of: Resolution | None = None,
) -> Resolution:
    """Write one remedy, use its units, journal `resolution.queued`; raises DecisionRefused unit_used."""
    amounts = [bag_of(line["amount"]) for line in lines if line["amount"]]
    resolution = Resolution.objects.create(
        claim=claim,
        kind=kind,
        paid_as=paid_as,
        state=Resolution.State.QUEUED,
        lines=lines,
        amount=total(amounts, amounts[0]).as_json() if amounts else {},
        not_before=not_before,
        instead_of=instead_of,
    )
    use = USES.get(Kind(kind))
    known = {line.public_id: line for line in LineItem.objects.filter(order=claim.order_id)}
    for line in lines if use else []:
        try:
            entitlement.use_units(known[line["line"]], line["units"], kind=str(use), reference=resolution.public_id)
        except UnitAlreadyUsed as error:
            raise DecisionRefused(str(error), "unit_used") from error
    facts: dict[str, Any] = {"amount": resolution.amount["shop"]} if amounts else {}
    if instead_of is not None:
        facts["instead_of"] = instead_of.public_id
    record("resolution.queued", shop=claim.order.shop, order=claim.order, subject=resolution.public_id, by=by,
           claim=claim.public_id, kind=kind, not_before=not_before.isoformat(), **facts)  # fmt: skip
    return resolution


def _line(decision: Decision, titles: Mapping[int, str]) -> dict[str, Any]:
    line = decision.item.line
    exchange = decision.variant_id is not None and decision.variant_id != line.variant_id
    return {
        "line": line.public_id,
        "remote_id": line.remote_id,
        "variant_id": decision.variant_id or line.variant_id,
        "title": (titles.get(decision.variant_id or 0) or f"variant {decision.variant_id}") if exchange else str(line),
        "quantity": decision.quantity,
        "units": decision.units,
        "unit_price": line.amounts["unit_price"]["shop"],
        "value": decision.value,
        "amount": decision.amount or None,
        "otherwise": decision.otherwise,
        "exchange": exchange,
    }


def _titles(claim: Claim, variants: list[int]) -> dict[int, str]:
    items = StockItem.objects.filter(shop=claim.order.shop_id, variant_id__in=variants)
    return {item.variant_id: str(item) for item in items if item.variant_id is not None}
