"""A demo shop with its plan, partner and staff; safe to repeat, and refused outside of a local trial."""

import json
import os
import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import CommandError
from django.utils import timezone

from backoffice.console.roles import ensure_roles
from backoffice.management.operator import OperatorCommand
from backoffice.models import ApiKey, Partner
from backoffice.models.api_key import SCOPES
from integrations import transport
from integrations.connecting import connect_shop, webhook_url
from integrations.endpoints import add_endpoint
from integrations.models import Connection
from integrations.shopify import subscriptions
from orders.models import Shop
from protection.models import ApprovalLimit, Plan, PlanVersion

SHOP = "demo-store.myshopify.com"
PARTNER = "Demo partner"
STAFF = {"agent": ("ana", Decimal(100)), "lead": ("ben", None)}  # role: user name, approval limit in shop currency
REMEMBERED = settings.VAR_DIR / "demo.json"  # what is shown again at the next start: passwords and the key


class Command(OperatorCommand):
    help = "Fill an empty local trial: shop, plan, partner with key and endpoint, two members of staff."

    def run(self, **options: Any) -> dict[str, Any]:
        if not settings.LOCAL:
            raise CommandError("Demo users and keys are refused in production.")
        sandbox = os.environ.get("SANDBOX_URL", "http://127.0.0.1:8010")
        shopify = connect_shop(
            SHOP, api_url=sandbox, token=os.environ["SANDBOX_TOKEN"], secret=os.environ["SANDBOX_SECRET"]
        )  # fmt: skip
        _make_plan(shopify.shop)
        check = subscriptions.check(shopify, by="command")  # a store that took the app away shows it on its own page
        endpoint = _make_endpoint(sandbox)
        ensure_roles()
        known = json.loads(REMEMBERED.read_text()) if REMEMBERED.exists() else {}
        known.setdefault("passwords", {})
        logins = [_make_user(role, known["passwords"]) for role in STAFF]
        known["api_key"] = _make_key(known.get("api_key"))
        REMEMBERED.touch(mode=0o600)
        REMEMBERED.write_text(json.dumps(known))
        return {
            "shop": SHOP,
            "webhook_url": webhook_url(shopify),
            "webhooks": (check.failure if check else "") or "subscribed",
            "endpoint": endpoint.public_id,
            "endpoint_secret": endpoint.secrets["signing"][0],
            "api_key": known["api_key"],
            "logins": logins,
        }


def _make_plan(shop: Shop | None) -> None:
    assert shop is not None
    if not shop.name:
        shop.name = "Demo store"
        shop.save(update_fields=["name"])
    plan, _ = Plan.objects.get_or_create(shop=shop, market="", currency=shop.currency)
    PlanVersion.objects.get_or_create(
        plan=plan,
        number=1,
        defaults={
            "effective_from": timezone.now() - timedelta(days=365),
            "pricing": PlanVersion.Pricing.PERCENT,
            "percent": Decimal("2.5"),
            "minimum": Decimal("0.98"),
            "currency": shop.currency,
            "fee_skus": ["PROTECT"],
            "text": "A parcel that is lost, stolen or damaged is replaced. This is our own promise, not insurance.",
            "text_version": "2026-11",
        },
    )


def _make_endpoint(sandbox: str) -> Connection:
    """The partner's endpoint; it moves along when the sandbox had to take another port."""
    url = f"{sandbox}/sink/demo"
    known = Connection.objects.filter(system="webhook", partner__name=PARTNER, url__endswith="/sink/demo").first()
    if known and known.url != url:
        known.url = url
        known.save(update_fields=["url"])
    endpoint = add_endpoint(PARTNER, url, ["*"])
    body = json.dumps({"secrets": endpoint.secrets["signing"]}).encode()
    transport.post(f"{sandbox}/sandbox/sinks/demo.json", body, {"Content-Type": "application/json"})
    return endpoint


def _make_user(role: str, passwords: dict[str, str]) -> dict[str, str]:
    username, limit = STAFF[role]
    user, created = User.objects.get_or_create(username=username, defaults={"is_staff": True})
    if created or username not in passwords:
        passwords[username] = secrets.token_urlsafe(9)
        user.set_password(passwords[username])
        user.save()
    group = Group.objects.get(name=role)
    user.groups.add(group)
    ApprovalLimit.objects.get_or_create(group=group, defaults={"amount": limit})
    return {"role": role, "username": username, "password": passwords[username]}


def _make_key(known: str | None) -> str:
    if known and ApiKey.objects.find(known):
        return known
    partner, _ = Partner.objects.get_or_create(name=PARTNER)
    return ApiKey.issue(partner, list(SCOPES), SHOP, live=False)[1]
