"""What a back-test found: what the draft would do beside what people did, and which claims it would flip."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from orders.money import Money
from protection.models import BackTest, BackTestCase, Claim

APPROVES = {
    Claim.Outcome.APPROVED: "approves what people approved",
    Claim.Outcome.PARTIAL: "approves whole what people approved in part",
    Claim.Outcome.DENIED: "approves what people denied",
    Claim.Outcome.WITHDRAWN: "approves what was withdrawn",
    Claim.Outcome.DUPLICATE: "approves a duplicate",
    Claim.Outcome.ARRIVED: "approves what arrived after all",
    Claim.Outcome.NO_RESPONSE: "approves where the customer never answered",
}
OTHERWISE = {
    "hold": "holds",
    "ask": "asks the customer about",
    "assign": "gives to somebody",
    "flag": "flags",
    "left": "leaves to a person",
}
WAS: dict[str, str] = {
    Claim.Outcome.WITHDRAWN: "what was withdrawn",
    Claim.Outcome.DUPLICATE: "a duplicate",
    Claim.Outcome.APPROVED: "what people approved",
    Claim.Outcome.PARTIAL: "what people approved in part",
    Claim.Outcome.DENIED: "what people denied",
    Claim.Outcome.ARRIVED: "what arrived after all",
    Claim.Outcome.NO_RESPONSE: "what was never answered",
    "open": "what is still open",
}
PAID = (Claim.Outcome.APPROVED, Claim.Outcome.PARTIAL)
# Flips: the machine gives what people did not give whole, or holds up what they gave.
FLIPS = Q(does="approve") & ~Q(was__in=[Claim.Outcome.APPROVED, "open"]) | Q(does__in=["hold", "ask"], was__in=PAID)


@dataclass(frozen=True, slots=True)
class Group:
    """Claims with which the draft does one thing, and of which one thing became."""

    does: str
    was: str
    claims: int
    value: Money
    given: Money
    flips: bool

    @property
    def words(self) -> str:
        if self.does == "approve" and self.was in APPROVES:
            return APPROVES[Claim.Outcome(self.was)]
        return f"{OTHERWISE.get(self.does, 'approves')} {WAS[self.was]}"

    @property
    def more(self) -> Money:
        """What the draft would have paid beyond what people gave; only an approval pays."""
        paid = self.value.amount if self.does == "approve" else self.given.amount
        return Money(max(Decimal(0), paid - self.given.amount), self.value.currency)


def groups(test: BackTest) -> list[Group]:
    """What was found, flips first, then by how many claims; each currency by itself."""
    rows = test.cases.values("does", "was", "currency").annotate(
        claims=Count("id"), value=Sum("value"), given=Sum("given"), flips=Count("id", filter=FLIPS)
    )
    found = [
        Group(row["does"], row["was"], row["claims"], Money(row["value"], row["currency"]),
              Money(row["given"], row["currency"]), row["flips"] > 0)
        for row in rows.order_by()
    ]  # fmt: skip
    return sorted(found, key=lambda group: (not group.flips, -group.claims, group.does, group.was))


def flips(test: BackTest, most: int) -> QuerySet[BackTestCase]:
    """The claims that flip, the dearest first, with order and customer."""
    cases = test.cases.filter(FLIPS).select_related("claim__order__customer")
    return cases.order_by("-value", "claim_id")[:most]


def flip_words(case: BackTestCase) -> str:
    """What happens to one claim, in words."""
    zero = Money(Decimal(0), case.currency)
    return Group(case.does, case.was, 1, zero, zero, True).words


def matched(found: Iterable[Group]) -> int:
    return sum(group.claims for group in found)
