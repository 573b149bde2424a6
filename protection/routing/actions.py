"""What a rule does with a claim that it matches: approve, ask, hold, assign or flag, and what each needs to know.

There is no action that denies, or that closes a claim.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from protection.models import RoutingVersion
from protection.models.reason_rule import REMEDIES
from protection.routing.conditions import RuleInvalid, in_words

Action = RoutingVersion.Action
AS_WISHED = ""  # the customer's first wish among what the reason's rule allows
GIVES = (AS_WISHED, "replacement", "refund", "store_credit", "gift_card")
MOST_ASKED = 10
MOST_DAYS = 90
LONGEST = 500


def checked_settings(action: str, settings: Any) -> dict[str, Any]:
    """The settings of an action as they are stored; raises RuleInvalid."""
    if action not in Action.values:
        raise RuleInvalid("unknown_action", f"action must be one of {', '.join(Action.values)}.", "/action")
    if not isinstance(settings, dict):
        raise RuleInvalid("invalid_settings", "Give the settings of the action.", "/settings")
    known = _KNOWN[Action(action)]
    if extra := set(settings) - known:
        name = sorted(map(str, extra))[0]
        raise RuleInvalid("unknown_setting", f"{action} has no setting {name}.", f"/settings/{name}")
    return _CHECKS[Action(action)](settings)


def _approve(settings: dict[str, Any]) -> dict[str, Any]:
    remedy = settings.get("remedy", AS_WISHED)
    if remedy not in GIVES:
        words = ", ".join(filter(None, GIVES))
        raise RuleInvalid("unknown_remedy", f"remedy must be empty or one of {words}.", "/settings/remedy")
    return {"remedy": remedy}


def _ask(settings: dict[str, Any]) -> dict[str, Any]:
    asked = settings.get("asked")
    lines = [one.strip() for one in asked if isinstance(one, str) and one.strip()] if isinstance(asked, list) else []
    if not 1 <= len(lines) <= MOST_ASKED or any(len(one) > LONGEST for one in lines):
        words = f"Say what the customer should send: 1 to {MOST_ASKED} things of at most {LONGEST} characters."
        raise RuleInvalid("nothing_asked", words, "/settings/asked")
    return {"asked": lines}


def _hold(settings: dict[str, Any]) -> dict[str, Any]:
    days, lead = settings.get("days"), settings.get("lead", False)
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS):
        raise RuleInvalid("invalid_days", f"days must be from 1 to {MOST_DAYS}.", "/settings/days")
    if not isinstance(lead, bool) or (days is None and not lead):
        raise RuleInvalid("held_for_nothing", "Hold it for some days, for a lead, or both.", "/settings/days")
    return {"days": days, "lead": lead}


def _assign(settings: dict[str, Any]) -> dict[str, Any]:
    if len(settings) != 1:
        raise RuleInvalid("nobody", "Name one user or one group.", "/settings")
    (kind, pk), *_ = settings.items()
    people: QuerySet[Any] = (
        User.objects.filter(is_active=True, is_staff=True) if kind == "user" else Group.objects.all()
    )
    if isinstance(pk, bool) or not isinstance(pk, int) or not 0 < pk < 2**31 or not people.filter(pk=pk).exists():
        raise RuleInvalid("unknown_person", f"There is no such {kind} to assign claims to.", f"/settings/{kind}")
    return {kind: pk}


def _flag(settings: dict[str, Any]) -> dict[str, Any]:
    words = settings.get("words")
    if not isinstance(words, str) or not 1 <= len(words.strip()) <= LONGEST:
        raise RuleInvalid("no_words", f"Say what staff shall read, in 1 to {LONGEST} characters.", "/settings/words")
    return {"words": words.strip()}


_KNOWN = {
    Action.APPROVE: {"remedy"},
    Action.ASK: {"asked"},
    Action.HOLD: {"days", "lead"},
    Action.ASSIGN: {"user", "group"},
    Action.FLAG: {"words"},
}
_CHECKS: dict[RoutingVersion.Action, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Action.APPROVE: _approve,
    Action.ASK: _ask,
    Action.HOLD: _hold,
    Action.ASSIGN: _assign,
    Action.FLAG: _flag,
}


def sentence(version: RoutingVersion) -> str:
    """The whole rule in one sentence for people."""
    when = in_words(version.conditions)
    whose = f"At {version.rule.shop}: " if version.rule.shop else ""
    text = f"{f'when {when}, ' if when else 'always '}{action_words(version)}."
    return whose + text if whose else text[0].upper() + text[1:]


def action_words(version: RoutingVersion) -> str:
    """What it does, as the end of a sentence."""
    said = version.settings
    match version.action:
        case Action.APPROVE:
            remedy = said.get("remedy", "")
            how = f"with {REMEDIES[remedy]}" if remedy else "as the customer wishes"
            return f"approve the claim {how}, up to {_caps(version)}"
        case Action.ASK:
            return f"ask the customer for: {'; '.join(said.get('asked', []))}"
        case Action.HOLD:
            days = said.get("days")
            until = f" for {days} day{'s' if days != 1 else ''}" if days else ""
            return f"hold the claim{until}{' for a lead' if said.get('lead') else ''}"
        case Action.ASSIGN:
            return f"give the claim to {_who(said)}"
    return f"tell staff: “{said.get('words', '')}”"


def _caps(version: RoutingVersion) -> str:
    caps = [(version.cap_claim, "a claim"), (version.cap_customer, "a customer in a year"), (version.cap_day, "a day")]
    said = [f"{cap:f} {per}" for cap, per in caps if cap is not None]
    return ", ".join(said) if said else "caps that are still to be set"


def _who(said: dict[str, Any]) -> str:
    if "user" in said:
        return str(User.objects.filter(pk=said["user"]).first() or "somebody who is gone")
    group = Group.objects.filter(pk=said["group"]).first()
    return f"whoever of “{group}” has the fewest" if group else "a group that is gone"
