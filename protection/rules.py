"""Which rule holds for a claim, and the rule in plain words: what people read is made from what is enforced."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q

from orders.models import Order, Shop
from protection.models import Claim, ReasonRule
from protection.models.reason_rule import NEEDS, REMEDIES

Say = Callable[..., str]  # a sentence with places for values → the sentence, in whatever language


def english(text: str, **values: object) -> str:
    """The sentence as it is written here, with its values."""
    return text.format(**values)


def rule_for(order: Order, reason: str) -> ReasonRule | None:
    """The version in force when the order was placed, the shop's own before everybody's; None where there is none."""
    return rules_for(order.shop, order.placed_at, [reason]).get(reason)


def rules_for(shop: Shop, moment: datetime, reasons: Iterable[str] = Claim.Reason.values) -> dict[str, ReasonRule]:
    """The rule of each reason that was in force at `moment` in this shop, in the order of the reasons; one query."""
    rules = ReasonRule.objects.filter(Q(shop=shop) | Q(shop=None), effective_from__lte=moment, reason__in=list(reasons))
    newest_last = sorted(rules, key=lambda rule: (rule.shop_id is not None, rule.effective_from))
    found = {rule.reason: rule for rule in newest_last}
    return {reason: found[reason] for reason in Claim.Reason.values if reason in found}


def rule_text(rule: ReasonRule, say: Say = english) -> str:
    """The rule for people who are not lawyers: when, what proof, what they get."""
    sentences = [window_text(rule, say), _proof(rule.evidence, rule.shop.currency if rule.shop else "", say)]
    remedies = _listed([say(REMEDIES[name]) for name in rule.remedies], "or", say)
    several = len(rule.remedies) > 1
    words = "What you can get, in this order: {remedies}." if several else "What you can get: {remedies}."
    sentences.append(say(words, remedies=remedies))
    if rule.return_needed:
        sentences.append(say("The goods must be sent back first."))
    money = [say("the price you paid")]
    flags = {"the tax on it": rule.pays_tax, "shipping": rule.pays_shipping, "duties": rule.pays_duties}
    flags["the fee for the guarantee"] = rule.pays_fee
    money += [say(words) for words, pays in flags.items() if pays]
    return " ".join([*sentences, say("Money back means {money}.", money=_listed(money, "and", say))])


def window_text(rule: ReasonRule, say: Say = english) -> str:
    """When a claim may be made, as one or two sentences."""
    first, *others = [say(rule.Anchor(name).label) for name in rule.anchors]
    begin = _days(rule.earliest_domestic, rule.earliest_international, say)
    end = _days(rule.latest_domestic, rule.latest_international, say)
    at_once = rule.earliest_domestic == rule.earliest_international == 0
    words = "At once, until {end} after {event}" if at_once else "From {begin} until {end} after {event}"
    text = say(words, begin=begin, end=end, event=first)
    if rule.hours_past_promise is not None:
        sooner = ", or from {hours} hours after the promised delivery date where that is sooner"
        text += say(sooner, hours=rule.hours_past_promise)
    if others:
        text += say(". Where that is not known, the days count from {events}", events=_listed(others, "or", say))
    return f"{text}."


def _days(domestic: int, abroad: int, say: Say) -> str:
    days = say("{days} days" if domestic != 1 else "{days} day", days=domestic)
    return days if domestic == abroad else say("{days} ({abroad} days to another country)", days=days, abroad=abroad)


def _proof(bands: list[dict[str, object]], currency: str, say: Say) -> str:
    asked = []
    for band in bands:
        needs = band["needs"]
        named = [say(NEEDS[str(name)]) for name in needs] if isinstance(needs, list) else []
        words = _listed(named, "and", say) if named else say("none")
        amount = str(band["from"])
        value = f"{amount} {currency}".strip()
        asked.append(words if amount == "0" else say("from {value} on {proof}", value=value, proof=words))
    return say("Proof: {proof}.", proof="; ".join(asked)) if asked else say("No proof is asked for.")


def _listed(words: list[str], last: str, say: Say) -> str:
    return f" {say(last)} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
