"""Which rule holds for a claim, and the rule in plain words: what people read is made from what is enforced."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from orders.models import Order, Shop
from protection.models import Claim, ReasonRule
from protection.models.reason_rule import NEEDS, REMEDIES


def rule_for(order: Order, reason: str) -> ReasonRule | None:
    """The version in force when the order was placed, the shop's own before everybody's; None where there is none."""
    return rules_for(order.shop, order.placed_at, [reason]).get(reason)


def rules_for(shop: Shop, moment: datetime, reasons: Iterable[str] = Claim.Reason.values) -> dict[str, ReasonRule]:
    """The rule of each reason that was in force at `moment` in this shop, in the order of the reasons; one query."""
    rules = ReasonRule.objects.filter(Q(shop=shop) | Q(shop=None), effective_from__lte=moment, reason__in=list(reasons))
    newest_last = sorted(rules, key=lambda rule: (rule.shop_id is not None, rule.effective_from))
    found = {rule.reason: rule for rule in newest_last}
    return {reason: found[reason] for reason in Claim.Reason.values if reason in found}


def rule_text(rule: ReasonRule) -> str:
    """The rule for people who are not lawyers: when, what proof, what they get."""
    sentences = [window_text(rule), _proof(rule.evidence, rule.shop.currency if rule.shop else "")]
    remedies = _listed([REMEDIES[name] for name in rule.remedies], "or")
    sentences.append(f"What you can get{', in this order' if len(rule.remedies) > 1 else ''}: {remedies}.")
    if rule.return_needed:
        sentences.append("The goods must be sent back first.")
    money = ["the price you paid"]
    flags = {"the tax on it": rule.pays_tax, "shipping": rule.pays_shipping, "duties": rule.pays_duties}
    flags["the fee for the guarantee"] = rule.pays_fee
    money += [words for words, pays in flags.items() if pays]
    return " ".join([*sentences, f"Money back means {_listed(money, 'and')}."])


def window_text(rule: ReasonRule) -> str:
    """When a claim may be made, as one or two sentences."""
    first, *others = [rule.Anchor(name).label for name in rule.anchors]
    begin = _days(rule.earliest_domestic, rule.earliest_international)
    end = _days(rule.latest_domestic, rule.latest_international)
    at_once = rule.earliest_domestic == rule.earliest_international == 0
    words = f"At once, until {end} after {first}" if at_once else f"From {begin} until {end} after {first}"
    if rule.hours_past_promise is not None:
        words += f", or from {rule.hours_past_promise} hours after the promised delivery date where that is sooner"
    if others:
        words += f". Where that is not known, the days count from {_listed(others, 'or')}"
    return f"{words}."


def _days(domestic: int, abroad: int) -> str:
    days = f"{domestic} day{'s' if domestic != 1 else ''}"
    return days if domestic == abroad else f"{days} ({abroad} days to another country)"


def _proof(bands: list[dict[str, object]], currency: str) -> str:
    asked = []
    for band in bands:
        needs = band["needs"]
        words = _listed([NEEDS[str(name)] for name in needs], "and") if isinstance(needs, list) and needs else "none"
        amount = str(band["from"])
        asked.append(words if amount == "0" else f"from {f'{amount} {currency}'.strip()} on {words}")
    return f"Proof: {'; '.join(asked)}." if asked else "No proof is asked for."


def _listed(words: list[str], last: str) -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
