"""Plain builders for tests of claims."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from orders.models import LineItem, Order, Shop
from orders.snapshot import LineSnapshot
from orders.tests.builders import NOON, fee_line, line, make_order, make_shop
from protection import coverage, filing, review
from protection.eligibility import ItemAsked
from protection.models import ApprovalLimit, Claim, Plan, PlanVersion, Resolution
from protection.review import ItemDecision


def make_plan(shop: Shop | None = None, **fields: Any) -> PlanVersion:
    """The next version of the shop's plan for everywhere, in the currency of `fields` (USD); or of the `plan` given."""
    plan = fields.pop("plan", None)
    if plan is None:
        currency = fields.get("currency", "USD")
        plan, _ = Plan.objects.get_or_create(shop=shop or make_shop(), market="", currency=currency)
    defaults: dict[str, Any] = {
        "number": plan.versions.count() + 1,
        "effective_from": NOON.replace(year=2026, month=1),
        "pricing": "percent",
        "percent": Decimal("2.5"),
        "minimum": Decimal("0.98"),
        "currency": plan.currency,
        "fee_skus": ["PROTECT"],
    }
    return PlanVersion.objects.create(plan=plan, **{**defaults, **fields})


def make_covered_order(*lines: LineSnapshot, **fields: Any) -> Order:
    """An order with a fee line, and its coverage."""
    shop = fields.pop("shop", None) or make_shop()
    if not Plan.objects.filter(shop=shop).exists():
        make_plan(shop)
    with transaction.atomic():
        order = make_order(*(lines or (line("Teapot", 2),)), fee_line(), shop=shop, **fields)
        coverage.refresh(order, by="shopify")
    return order


def line_of(order: Order, title: str = "Teapot") -> LineItem:
    return order.lines.get(title=title)


def make_claim(order: Order | None = None, *, quantity: int = 1, title: str = "Teapot", reason: str = "lost") -> Claim:
    order = order or make_covered_order()
    items = [ItemAsked(line_of(order, title), quantity)]
    return filing.file_claim(order, reason=reason, items=items, by="partner:tests")


def make_agent(username: str = "ana", limit: str | None = "1000") -> User:
    """A member of staff in the group `agent` with this approval limit (None: no limit)."""
    user = User.objects.create_user(username, password="a-long-password-for-tests", is_staff=True)
    group, _ = Group.objects.get_or_create(name="agent")
    ApprovalLimit.objects.update_or_create(group=group, defaults={"amount": limit and Decimal(limit)})
    user.groups.add(group)
    return user


def decide(claim: Claim, user: User, *quantities: int, reason: str = "no_evidence") -> Claim:
    """Approve so many units of each item in turn (0: deny it), every item whole without any."""
    items = list(claim.items.all())
    rows = [
        ItemDecision(
            item, "approve" if units else "deny", units or item.quantity, reason if units < item.quantity else ""
        )
        for item, units in zip(items, quantities or [item.quantity for item in items], strict=True)
    ]
    return review.decide(claim, rows, user=user)


def make_resolution(claim: Claim | None = None) -> Resolution:
    """The queued replacement of an approved claim."""
    claim = claim or make_claim()
    decide(claim, User.objects.filter(username="ana").first() or make_agent())
    return claim.resolutions.get()
