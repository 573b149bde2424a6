"""Three hundred orders: claims on every unit give together exactly what was paid, and never more than is left of it.

Two currencies each, with none, two and three decimals; discounts on lines and on the order, tax in the prices or beside
them, shipping, and refunds made at the shop before.
"""

import random
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from orders.models import Order, Refund
from orders.money import Money, MoneyBag, minor_units
from orders.snapshot import LineSnapshot
from orders.tests.builders import line, next_id
from protection import filing, review
from protection.eligibility import ItemAsked
from protection.models import Claim, Decision, Resolution
from protection.review import ItemDecision
from protection.shares import SIDES, bag_of, part_of
from protection.tests.builders import make_agent, make_covered_order

pytestmark = pytest.mark.django_db
CURRENCIES = [("USD", "USD"), ("USD", "JPY"), ("JPY", "JPY"), ("KWD", "USD"), ("EUR", "KWD"), ("JPY", "EUR")]
ORDERS, IN_ONE = 300, 50
# The first fifty run each time, the others with the slow tests.
SLOW = [pytest.param(first, marks=pytest.mark.slow) for first in range(IN_ONE, ORDERS, IN_ONE)]

Coins = tuple[int, int]  # in the smallest coin of the shop's currency, of the shopper's


def bag(coins: Coins, pair: tuple[str, str]) -> MoneyBag:
    amounts = (Decimal(part).scaleb(-minor_units(currency)) for part, currency in zip(coins, pair, strict=True))
    return MoneyBag(*(Money(amount, currency) for amount, currency in zip(amounts, pair, strict=True)))


def placed(luck: random.Random) -> tuple[Order, Coins]:
    """An order, and what was paid for its goods."""
    pair, included = luck.choice(CURRENCIES), luck.choice([True, False])

    def both(make: Callable[[], int]) -> Coins:
        return make(), make()

    def made(number: int) -> tuple[LineSnapshot, Coins]:
        quantity, price = luck.randint(1, 3), both(lambda: luck.randint(1, 99_999))
        # What is taken off the line itself, and its part of what is taken off the order: neither divides by its units.
        off = tuple(luck.randint(0, coins * quantity // 3) + luck.randint(0, coins * quantity // 3) for coins in price)
        tax = both(lambda: luck.randint(0, 5_000))
        paid = tuple(p * quantity - o + (0 if included else t) for p, o, t in zip(price, off, tax, strict=True))
        amounts = {"unit_price": bag(price, pair), "discount": bag(off, pair), "tax": bag(tax, pair)}  # type: ignore[arg-type]
        return line(f"Thing {number}", quantity, amounts=amounts), paid  # type: ignore[return-value]

    rows = [made(number) for number in range(luck.randint(1, 3))]
    goods = tuple(sum(paid[side] for _, paid in rows) for side in (0, 1))
    shipping = both(lambda: luck.randint(0, 1_500))
    whole = tuple(a + b for a, b in zip(goods, shipping, strict=True))
    amounts = {"total": bag(whole, pair), "shipping": bag(shipping, pair)}  # type: ignore[arg-type]
    order = make_covered_order(
        *[row for row, _ in rows], remote_id=next_id(), currency=pair[0], presentment_currency=pair[1],
        amounts=amounts, taxes_included=included,
    )  # fmt: skip
    return order, goods  # type: ignore[return-value]


# The first of them each time, all of them with the slow ones.
@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(IN_ONE, ORDERS, IN_ONE))]
)
def test_to_the_last_coin(first: int) -> None:
    agent = make_agent(limit=None)
    for seed in range(first, first + IN_ONE):
        luck = random.Random(seed)
        order, goods = placed(luck)
        kind = luck.choice(["refund", "store_credit", "gift_card"])
        refunded = luck.choice([0] * 8 + [30, 90])  # percent given back at the shop before, of no unit
        back = _give_back(order, refunded)
        asked = [ItemAsked(row, row.quantity) for row in order.lines.exclude(sku="PROTECT")]
        claim = filing.file_claim(order, reason="damaged", items=asked, by="partner:tests", override_reason="test")
        parts = [
            ItemDecision(item, "approve", 1, remedy=kind) for item in claim.items.all() for _ in range(item.quantity)
        ]
        left = [Decimal(order.amounts["total"][side]["amount"]) - back[side] for side in SIDES]
        refused = _decide(claim, parts, agent)
        assert refunded or not refused, seed
        given = [bag_of(row.amount) for row in Decision.objects.filter(item__claim=claim, verdict="approve")]
        planned = [bag_of(resolution.amount) for resolution in Resolution.objects.filter(claim=claim)]
        sums = []
        for side, name in enumerate(SIDES):
            money = [getattr(one, name).amount for one in given]
            assert sum(money) == sum(getattr(one, name).amount for one in planned), seed
            most = min(Decimal(goods[side]).scaleb(-minor_units(pair_of(order)[side])), left[side])
            assert sum(money) <= most, seed
            sums.append(sum(money) == most)
        assert any(sums) if refused else all(sums), seed


def pair_of(order: Order) -> tuple[str, str]:
    return order.currency, order.presentment_currency


def _decide(claim: Claim, parts: list[ItemDecision], agent: User) -> int:
    """Approve every unit for which money is left, deny the others; returns how many these are."""
    for tries in range(len(parts) + 1):
        try:
            review.decide(claim, parts, user=agent)
        except review.DecisionRefused as refusal:
            if refusal.code != "nothing_left":
                raise
            place = int(refusal.pointer.split("/")[2])
            parts[place] = ItemDecision(parts[place].item, "deny", 1, "delivered")
        else:
            return tries
    raise AssertionError("it was refused although everything is denied")


def _give_back(order: Order, percent: int) -> dict[str, Decimal]:
    """A refund of money only, as the shop tells of it."""
    amount = part_of(bag_of(order.amounts["total"]), Decimal(percent) / 100)
    if percent:
        moved = {"id": "1", "kind": "refund", "status": "success", "amount": amount.as_json()}
        Refund.objects.create(order=order, remote_id=next_id(), transactions=[moved])
    return {side: getattr(amount, side).amount for side in SIDES}
