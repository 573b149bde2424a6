"""The life of a rule: drafted, published from a day on or as a dry run, ended. What was published is never changed."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from orders.models import Shop
from protection.models import RoutingRule, RoutingVersion
from protection.routing.actions import checked_settings
from protection.routing.conditions import RuleInvalid, checked

LARGEST_CAP = Decimal(9_999_999)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a version says, before it is checked. Caps are amounts in the shop's currency, or None."""

    action: str
    conditions: Any = ()
    settings: Any = field(default_factory=dict)
    priority: int = 100
    cap_claim: Decimal | str | None = None
    cap_customer: Decimal | str | None = None
    cap_day: Decimal | str | None = None


@transaction.atomic
def write_draft(rule: RoutingRule, said: Draft, *, by: str) -> RoutingVersion:
    """Make the rule's draft, or change the one it has; raises RuleInvalid and keeps what was."""
    rule = RoutingRule.objects.select_for_update().get(pk=rule.pk)
    fields = _checked(said)
    draft = rule.versions.filter(published_at=None).first()
    if draft is None:
        last = rule.versions.aggregate(last=Max("number"))["last"] or 0
        draft = RoutingVersion(rule=rule, number=last + 1, created_by=by)
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.save()
    return draft


@transaction.atomic
def publish(
    version: RoutingVersion, *, by: str, effective_from: datetime | None = None, dry_run: bool = False
) -> RoutingVersion:
    """Publish a draft from a moment on (now without one); raises RuleInvalid.

    From then on it takes the place of what the rule did before. A dry run takes only the place of an earlier dry run:
    beside it the rule goes on doing what it does.
    """
    rule = RoutingRule.objects.select_for_update().get(pk=version.rule_id)
    version = RoutingVersion.objects.get(pk=version.pk)
    version.rule = rule
    now = timezone.now()
    if version.published_at is not None:
        raise RuleInvalid("published_already", "This version is published; write a new one.")
    start = effective_from or now
    if start < now:
        raise RuleInvalid("in_the_past", "A rule begins now or later, never in the past.", "/effective_from")
    _check_ready(version)
    replaced = rule.versions.exclude(published_at=None).filter(Q(ends_at=None) | Q(ends_at__gt=start))
    if dry_run:
        replaced = replaced.filter(dry_run=True)
    replaced.update(ends_at=Greatest(F("effective_from"), start), ended_by=by)
    version.published_at, version.published_by = now, by
    version.effective_from, version.dry_run = start, dry_run
    version.save()
    return version


@transaction.atomic
def end(version: RoutingVersion, *, by: str, at: datetime | None = None) -> RoutingVersion:
    """End a published version at a moment (now without one); raises RuleInvalid."""
    RoutingRule.objects.select_for_update().get(pk=version.rule_id)
    version = RoutingVersion.objects.get(pk=version.pk)
    now = timezone.now()
    if version.effective_from is None:
        raise RuleInvalid("not_published", "A draft does nothing; there is nothing to end.")
    if version.ends_at is not None and version.ends_at <= now:
        raise RuleInvalid("ended_already", "This version has ended.")
    moment = at or now
    if moment < now:
        raise RuleInvalid("in_the_past", "A rule ends now or later, never in the past.", "/ends_at")
    version.ends_at, version.ended_by = max(moment, version.effective_from), by
    version.save(update_fields=["ends_at", "ended_by"])
    return version


def in_force(shop: Shop, moment: datetime) -> list[RoutingVersion]:
    """The versions that apply to claims of this shop at `moment`, dry runs among them, in the order they are asked."""
    versions = RoutingVersion.objects.filter(
        Q(rule__shop=shop) | Q(rule__shop=None), Q(ends_at=None) | Q(ends_at__gt=moment), effective_from__lte=moment
    )
    return list(versions.select_related("rule__shop").order_by("priority", "rule_id", "number"))


def _checked(said: Draft) -> dict[str, Any]:
    priority = said.priority
    if isinstance(priority, bool) or not isinstance(priority, int) or not 0 <= priority <= 9999:
        raise RuleInvalid("invalid_priority", "priority must be from 0 to 9999.", "/priority")
    fields = {
        "priority": priority,
        "conditions": checked(list(said.conditions) if isinstance(said.conditions, tuple) else said.conditions),
        "action": said.action,
        "settings": checked_settings(said.action, said.settings),
    }
    caps = {name: _cap(name, getattr(said, name)) for name in RoutingVersion.CAPS}
    if said.action != RoutingVersion.Action.APPROVE:
        caps = dict.fromkeys(caps)
    version = RoutingVersion(**fields, **caps)
    if said.action == RoutingVersion.Action.APPROVE:
        _check_approval(version)
    return {**fields, **caps}


def _cap(name: str, value: Decimal | str | None) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        cap = Decimal(value)
    except InvalidOperation:
        cap = Decimal("NaN")
    if not cap.is_finite() or not 0 < cap <= LARGEST_CAP or cap != round(cap, 2):
        raise RuleInvalid("invalid_cap", f"A cap is an amount above 0 and up to {LARGEST_CAP:,}.", f"/{name}")
    return cap


def _check_ready(version: RoutingVersion) -> None:
    """Once more what a draft says, for people may be gone and words of the vocabulary too; raises RuleInvalid."""
    version.conditions = checked(version.conditions)
    version.settings = checked_settings(version.action, version.settings)
    if version.action == RoutingVersion.Action.APPROVE:
        _check_approval(version)


def _check_approval(version: RoutingVersion) -> None:
    if not version.conditions:
        raise RuleInvalid("approves_everything", "A rule that approves needs at least one condition.", "/conditions")
    for name in RoutingVersion.CAPS:
        if getattr(version, name) is None:
            words = "A rule that approves needs a cap a claim, a customer and a day."
            raise RuleInvalid("cap_missing", words, f"/{name}")
