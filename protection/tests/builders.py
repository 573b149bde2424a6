"""Plain builders for tests of claims."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User

from orders.models import LineItem, Order, Shop
from orders.snapshot import LineSnapshot
from orders.tests.builders import NOON, fee_line, line, make_order, make_shop
from protection import coverage, filing
from protection.eligibility import ItemAsked
from protection.models import ApprovalLimit, Claim, Plan, PlanVersion


def make_plan(shop: Shop | None = None, **fields: Any) -> PlanVersion:
    plan, _ = Plan.objects.get_or_create(shop=shop or make_shop())
    defaults: dict[str, Any] = {
        "number": plan.versions.count() + 1,
        "effective_from": NOON.replace(year=2026, month=1),
        "pricing": "percent",
        "percent": Decimal("2.5"),
        "minimum": Decimal("0.98"),
        "currency": "USD",
        "fee_skus": ["PROTECT"],
    }
    return PlanVersion.objects.create(plan=plan, **{**defaults, **fields})


def make_covered_order(*lines: LineSnapshot, **fields: Any) -> Order:
    """An order with a fee line, and its coverage."""
    shop = fields.pop("shop", None) or make_shop()
    if not Plan.objects.filter(shop=shop).exists():
        make_plan(shop)
    order = make_order(*(lines or (line("Teapot", 2),)), fee_line(), shop=shop, **fields)
    coverage.refresh(order, by="shopify")
    return order


def line_of(order: Order, title: str = "Teapot") -> LineItem:
    return order.lines.get(title=title)


def make_claim(order: Order | None = None, *, quantity: int = 1, title: str = "Teapot", reason: str = "lost") -> Claim:
    order = order or make_covered_order()
    return filing.file_claim(order, reason=reason, items=[ItemAsked(line_of(order, title), quantity)], by="partner:tests")


def make_agent(username: str = "ana", limit: str | None = "1000") -> User:
    """A member of staff in the group `agent` with this approval limit (None: no limit)."""
    user = User.objects.create_user(username, password="a-long-password-for-tests", is_staff=True)
    group, _ = Group.objects.get_or_create(name="agent")
    ApprovalLimit.objects.update_or_create(group=group, defaults={"amount": limit and Decimal(limit)})
    user.groups.add(group)
    return user
