"""What one remedy cost, part by part, and the form for what it really cost."""

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import HttpRequest

from backoffice.console.pages import ConsolePage, Refused
from protection.ledger import words
from protection.ledger.asked import Asked
from protection.ledger.entering import PARTS, enter_costs
from protection.models import Resolution
from protection.verdicts import DecisionRefused

SEE = "protection.view_money"
WHENCE = {
    "cost": "what the shop says it costs to buy",
    "estimated": "a share of the price",
    "usual": "the usual cost",
    "entered": "entered by hand",
    "unknown": "not known, counts as nothing",
    "": "",
}
TITLES = {"goods": "Goods", "label": "Label", "duty": "Duties"}


class RemedyCostsPage(ConsolePage):
    """Found by the remedy's public id, as the rows of the money view name it."""

    template_name = "protection/remedy_costs.html"
    verbs: ClassVar[dict[str, str]] = {"enter": "protection.enter_costs"}

    def may_see(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(SEE))

    def load(self, pk: int) -> Resolution | None:
        found = Resolution.objects.select_related("claim__order__shop").filter(public_id=self.kwargs["remedy"])
        return found.first()

    def context(self) -> dict[str, Any]:
        remedy: Resolution = self.subject
        order, entered = remedy.claim.order, remedy.cost.get("entered", {})
        ledger = Asked.of({}).ledger
        row = next(iter(ledger.ask("costs", "SELECT * FROM rows WHERE resolution = %(it)s", it=remedy.public_id)), None)
        parts = [
            {
                "name": part,
                "title": TITLES[part],
                "amount": words.amount(row[part], order.currency),
                "whence": WHENCE[row[f"{part}_from"]],
                "typed": self.request.POST.get(part, entered.get(part, {}).get("amount", "")),
                "open": part != "goods" or remedy.kind == Resolution.Kind.REPLACEMENT,
            }
            for part in PARTS
            if row is not None
        ]
        return {
            "title": f"What the {remedy.get_kind_display().lower()} cost",
            "remedy": remedy,
            "order": order,
            "parts": parts,
            "money": row and words.amount(row["money"], order.currency),
            "cost": row and words.amount(row["cost"], order.currency),
        }

    def enter(self) -> str:
        try:
            typed = {part: _amount(self.request.POST.get(part, "")) for part in PARTS}
            enter_costs(self.subject, typed, user=cast(User, self.request.user))
        except DecisionRefused as reason:
            raise Refused(str(reason)) from reason
        return "Kept. The money view reckons with it from now on."


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip()) if text.strip() else None
    except InvalidOperation as error:
        raise Refused(f"{text[:40]} is not an amount; write it like 12.50.") from error
