"""Plain builders for tests of routing rules."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from orders.models import Shop
from protection.models import Claim, Routing, RoutingRule, RoutingVersion
from protection.routing import rules, running
from protection.routing.rules import Draft

CAPS = {"cap_claim": "100", "cap_customer": "150", "cap_day": "500"}
SETTINGS: dict[str, dict[str, Any]] = {
    "approve": {"remedy": "replacement"},
    "ask": {"asked": ["A photo of the box"]},
    "hold": {"days": 3, "lead": True},
    "flag": {"words": "Look twice."},
}


def asks(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


LOST = asks("reason", "one_of", ["lost"])


def make_draft(
    *conditions: dict[str, Any], name: str = "Small losses", action: str = "approve", shop: Shop | None = None,
    **said: Any,
) -> RoutingVersion:  # fmt: skip
    """A draft of the rule of this name, for lost parcels where it asks for nothing else."""
    rule, _ = RoutingRule.objects.get_or_create(name=name, defaults={"shop": shop})
    said = {"settings": SETTINGS.get(action, {}), **(CAPS if action == "approve" else {}), **said}
    return rules.write_draft(rule, Draft(action, list(conditions or [LOST]), **said), by="staff:lea")


def make_rule(*conditions: dict[str, Any], dry_run: bool = False, **said: Any) -> RoutingVersion:
    """A published version, in force now."""
    return rules.publish(make_draft(*conditions, **said), by="staff:lea", dry_run=dry_run)


def route(claim: Claim, now: datetime | None = None) -> Routing | None:
    """Put one claim to the rules now; the claim itself is read again."""
    done = running.route(claim, now or timezone.now())
    claim.refresh_from_db()
    return done
