"""What a rule that matched does, by the same verbs that people use; only a hold is written here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q

from orders.money import Money
from protection import asking, review
from protection.assignment import assign
from protection.ladder import instead_of_goods, offered
from protection.models import Claim, Decision, Routing, RoutingRule, RoutingVersion
from protection.risk.facts import Facts
from protection.routing.caps import passed, spent_on, why_not
from protection.standing import open_units
from protection.verdicts import SHARED, DecisionRefused, ItemDecision, judge

Action, Result = RoutingVersion.Action, Routing.Result


class Left(Exception):
    """The rule leaves the claim to a person; the code says why (`protection.routing.caps.WHY_LEFT`)."""


def act(claim: Claim, version: RoutingVersion, facts: Facts, now: datetime) -> Routing:
    """Do what the version says, or only count it in a dry run; returns the (unsaved) row of it.

    Call it with the claim locked. What an approval meets with (a used unit, no stock) leaves it to a person.
    """
    order = claim.order
    row = Routing(
        claim=claim, version=version, rule=version.rule, shop=order.shop, customer_id=order.customer_id,
        action=version.action, result=Result.WOULD if version.dry_run else Result.ACTED, currency=order.currency,
        at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            if version.action == Action.APPROVE:
                row.amount = _approve(claim, version, facts, now).amount
            elif not version.dry_run:
                _DOES[Action(version.action)](claim, version, now)
    except Left as reason:
        row.result, row.why = Result.LEFT, str(reason)
    except DecisionRefused:
        row.result, row.why = Result.LEFT, "refused"
    return row


def by_of(version: RoutingVersion) -> str:
    """How a rule signs what it does."""
    return f"rule:{version.rule.name}"


def _approve(claim: Claim, version: RoutingVersion, facts: Facts, now: datetime) -> Money:
    """Approve every open item within the caps; returns what that is worth. Raises Left or DecisionRefused."""
    if claim.assignee_id is not None:
        raise Left("somebody_works_on_it")
    if why := why_not(version, facts):
        raise Left(why)
    parts = decisions_for(claim, version)
    RoutingRule.objects.select_for_update().get(pk=version.rule_id)
    rows = judge(claim, parts, {"decided_by": None})
    worth = review.worth(claim, rows)
    if why := passed(version, worth.amount, spent_on(version, claim, now)):
        raise Left(why)
    if version.dry_run:
        review.check_stock(claim, rows)
    else:
        review.decide(claim, parts, user=None, by=by_of(version))
    return worth


def decisions_for(claim: Claim, version: RoutingVersion) -> list[ItemDecision]:
    """Every open item approved whole, by the remedy that the rule names or the customer wishes for."""
    remedy = version.settings.get("remedy") or _wished(claim)
    otherwise = instead_of_goods(claim) if remedy == Decision.Remedy.REPLACEMENT else ()
    left = open_units(claim)
    items = [item for item in claim.items.select_related("line__order") if left.get(item.pk)]
    return [
        ItemDecision(item, Decision.Verdict.APPROVE, len(left[item.pk]), remedy=remedy, otherwise=otherwise)
        for item in items
    ]


def _wished(claim: Claim) -> str:
    """The first remedy for whole units that the reason's rule allows, as the customer ranks them."""
    whole = (Decision.Remedy.REPLACEMENT, *SHARED)
    names = offered(claim, claim.rule.remedies) if claim.rule else [Decision.Remedy.REPLACEMENT.value]
    return next((name for name in names if name in whole), Decision.Remedy.REPLACEMENT.value)


def _ask(claim: Claim, version: RoutingVersion, now: datetime) -> None:
    asking.ask(claim, version.settings["asked"], by=by_of(version))


def _hold(claim: Claim, version: RoutingVersion, now: datetime) -> None:
    said = version.settings
    claim.held_until = now + timedelta(days=said["days"]) if said["days"] else None
    if said["lead"]:
        claim.next_actor = Claim.Actor.LEAD
    claim.version += 1
    claim.save(update_fields=["held_until", "next_actor", "version", "updated_at"])


def _assign(claim: Claim, version: RoutingVersion, now: datetime) -> None:
    """To the person, or to whoever of the group has the fewest open claims. What somebody has taken stays theirs."""
    if claim.assignee_id is not None:
        raise Left("somebody_works_on_it")
    people = User.objects.filter(is_active=True, is_staff=True)
    said = version.settings
    named = people.filter(pk=said["user"]) if "user" in said else people.filter(groups=said["group"])
    load = Count("claims", filter=~Q(claims__state=Claim.State.CLOSED))
    person = named.annotate(load=load).order_by("load", "pk").first()
    if person is None:
        raise Left("nobody_to_assign")
    assign(claim, person, by=by_of(version))


def _flag(claim: Claim, version: RoutingVersion, now: datetime) -> None:
    """The row itself is what staff read."""


_DOES: dict[RoutingVersion.Action, Callable[[Claim, RoutingVersion, datetime], Any]] = {
    Action.ASK: _ask,
    Action.HOLD: _hold,
    Action.ASSIGN: _assign,
    Action.FLAG: _flag,
}
