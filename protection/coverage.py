"""Which orders are covered: decided from their own lines and attributes, by the plan in force when they were placed."""

import json
from decimal import Decimal
from typing import Any

from orders.journal import record
from orders.models import Change, JournalEntry, LineItem, Order
from orders.money import Money, MoneyBag, decimal_of, rounded
from protection import fee_refunds
from protection.models import Consent, Coverage, LaterChoice
from protection.plans import version_for_order
from protection.shares import paid_for_line

NOT_MADE = (Change.State.FAILED, Change.State.WITHDRAWN, Change.State.CONFLICT)


def refresh(order: Order, *, by: str, source: str = "") -> Coverage | None:
    """Bring the order's coverage in line with the order; call it in the transaction that changed the order.

    None when the order is not covered and never was. A fee that was taken off again makes coverage removed, a
    cancelled order makes it void; neither is ever deleted.
    """
    coverage = Coverage.objects.select_related("plan_version__plan").filter(order=order).first()
    version = coverage.plan_version if coverage else version_for_order(order)
    if version is None:
        return None
    lines = list(LineItem.objects.filter(order=order))
    fee_lines = [line for line in lines if version.is_fee(line)]
    paid = [line for line in fee_lines if line.current_quantity > 0]
    by_attribute = bool(version.fee_attribute) and _is_yes(order.attribute(version.fee_attribute))
    if coverage is None and not fee_lines and not by_attribute:
        return None

    status = _status(order, covered=bool(paid) or by_attribute)
    collected, tax = _collected(order, fee_lines)
    facts = {
        "status": status,
        "fee": _fee(order, fee_lines),
        "fee_lines": [line.remote_id for line in fee_lines],
        "collected": collected,
        "collected_tax": tax,
    }
    if coverage is None:
        # What was taken off an order of the past was settled then; and a fee chosen later was for what stood there.
        imported = JournalEntry.objects.filter(order=order, action="order.imported").exists()
        bought = not imported and _later_choice(order) is None
        base = fee_refunds.covered_value(version, order, lines, bought=bought)
        coverage = Coverage.objects.create(order=order, plan_version=version, covered=base.as_json(), **facts)
        consent = _read_consent(coverage, order)
        _journal(coverage, by, source, consent="known" if consent else "unknown")
    elif any(getattr(coverage, name) != value for name, value in facts.items()):
        moved = coverage.status != status
        restored = moved and coverage.status == Coverage.Status.REMOVED
        for name, value in facts.items():
            setattr(coverage, name, value)
        if restored:
            coverage.covered = fee_refunds.covered_value(version, order, lines).as_json()
        coverage.save()
        if moved:
            _journal(coverage, by, source)
        if restored and not Consent.objects.filter(coverage=coverage).exists():
            _read_consent(coverage, order)
    coverage.order = order
    fee_refunds.look(coverage, lines)
    return coverage


def _status(order: Order, *, covered: bool) -> str:
    if order.cancelled_at or order.deleted_at:
        return Coverage.Status.VOID
    if not covered:
        return Coverage.Status.REMOVED
    shipped = any(True for _ in order.parcels())
    return Coverage.Status.ACTIVE if shipped else Coverage.Status.INACTIVE


def _fee(order: Order, fee_lines: list[LineItem]) -> dict[str, Any]:
    """What the shopper paid for protection, both sides; 0 when it was included by the brand."""
    shop = presentment = Decimal(0)
    for line in fee_lines:
        price = line.amounts["unit_price"]
        shop += decimal_of(price["shop"]["amount"]) * line.quantity
        presentment += decimal_of(price["presentment"]["amount"]) * line.quantity
    return MoneyBag(Money(shop, order.currency), Money(presentment, order.presentment_currency)).as_json()


def _collected(order: Order, fee_lines: list[LineItem]) -> tuple[Decimal, Decimal]:
    """(fee, tax on it) as they were charged, in the shop's currency.

    Units that an edit took off were never charged; those that a refund took off were.
    """
    fee = tax = Decimal(0)
    for line in fee_lines:
        removed = line.quantity - line.current_quantity
        charged = line.quantity - (max(0, removed - _refunded(order, line)) if removed > 0 else 0)
        if charged > 0:
            net = paid_for_line(line, "shop", order.taxes_included, with_tax=False)
            fee += rounded(net * charged / line.quantity, order.currency)
            said = (line.amounts.get("tax") or {}).get("shop")
            tax += rounded(decimal_of(said["amount"]) * charged / line.quantity if said else Decimal(0), order.currency)
    return fee, tax


def _refunded(order: Order, line: LineItem) -> int:
    parts = (part for refund in order.refunds.all() for part in refund.lines)
    return sum(part["quantity"] for part in parts if part["line"] == line.remote_id)


def _read_consent(coverage: Coverage, order: Order) -> Consent | None:
    """The receipt of the customer's choice: the latest made after the purchase, else the store front's.

    That one is in the order attribute the plan names. None when both are absent or unreadable.
    """
    later = _later_choice(order)
    facts = later.receipt if later else _said_in_cart(coverage, order)
    if facts is None:
        return None

    def text(name: str, limit: int = 64) -> str:
        # Anyone can write a cart attribute: what PostgreSQL cannot hold must not stop the order.
        return str(facts.get(name) or "").encode("utf-8", "replace").decode().replace("\x00", "")[:limit]

    default_on = facts.get("default_on")
    return Consent.objects.create(
        coverage=coverage,
        how=text("how"),
        default_on=default_on if isinstance(default_on, bool) else None,
        text_version=text("shown_text_version"),
        price=text("price"),
        locale=text("locale", 35),
        given_at=text("at"),
    )


def _later_choice(order: Order) -> LaterChoice | None:
    """The latest made after the purchase; the fee's line may be home before its change is told to be done."""
    return LaterChoice.objects.filter(order=order).exclude(change__state__in=NOT_MADE).order_by("id").last()


def _said_in_cart(coverage: Coverage, order: Order) -> dict[str, Any] | None:
    raw = order.attribute(coverage.plan_version.consent_attribute)
    try:
        facts = json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _is_yes(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "yes", "on")


def _journal(coverage: Coverage, by: str, source: str, **facts: Any) -> None:
    order = coverage.order
    record(f"coverage.{coverage.status}", shop=order.shop, order=order, by=by, source=source, fee=coverage.fee, **facts)
