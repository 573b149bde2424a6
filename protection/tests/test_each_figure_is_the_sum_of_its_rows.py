"""Whatever happened, every figure of the money view is what its rows add up to, and what the orders themselves say."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orders.intake import Origin, apply_refund
from orders.models import Location, Order, Shop
from orders.money import minor_units, rounded
from orders.snapshot import Address, RefundLineSnapshot, RefundSnapshot
from orders.tests.builders import bag, line, make_order, next_id
from protection import coverage
from protection.ledger.statement import Sums
from protection.models import CostStandard, Feedback
from protection.tests.builders import make_plan
from protection.tests.money import TODAY, claimed, fee, figures, remedy, rows, sent, total

pytestmark = pytest.mark.django_db
ZONES = {"USD": "America/Los_Angeles", "JPY": "Asia/Tokyo", "KWD": "Asia/Kuwait"}
KINDS = ["replacement", "replacement", "refund", "store_credit", "gift_card", "goodwill", "handled_elsewhere"]
COUNTRIES = ["US", "JP", "KW", "DE"]
REASONS = ["lost", "damaged", "stolen"]
ORDERS = 45


def coins(luck: random.Random, currency: str, most: int = 9999) -> Decimal:
    return Decimal(luck.randint(1, most)).scaleb(-minor_units(currency))


class World:
    """Orders of three shops over some months, and beside them what a bookkeeper writes down by hand."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.by_month: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self.eligible: dict[str, list[tuple[Decimal, bool]]] = defaultdict(list)
        self.rates: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.shops = [self.shop(currency) for currency in ZONES]
        for number in range(ORDERS):
            self.order(self.shops[number % 3])

    def shop(self, currency: str) -> Shop:
        shop = Shop.objects.create(
            domain=f"{currency.lower()}.myshopify.com", currency=currency, time_zone=ZONES[currency],
            country=currency[:2],
        )  # fmt: skip
        make_plan(shop, currency=currency)
        for place in (1, 2):
            Location.objects.create(shop=shop, remote_id=place, name=f"House {place}")
        if currency != "KWD":  # a shop that has entered nothing
            amounts = {name: coins(self.luck, currency, 900) for name in ("label_domestic", "label_international")}
            CostStandard.objects.create(
                shop=shop, currency=currency, goods_share=self.luck.choice(["33.33", "50", "70"]),
                effective_from=datetime(2026, 5, 1, tzinfo=UTC), **amounts,
            )  # fmt: skip
        return shop

    def month(self, shop: Shop, moment: datetime) -> tuple[str, str]:
        return shop.currency, f"{moment.astimezone(ZoneInfo(shop.time_zone)):%Y-%m}"

    def moment(self) -> datetime:
        """Near the ends of months more often than not, where a time zone makes the difference."""
        edge = datetime(2026, self.luck.randint(2, 11), 1, tzinfo=UTC)
        return edge + timedelta(minutes=self.luck.randint(-1200, 1200))

    def order(self, shop: Shop) -> None:
        luck, currency, included = self.luck, shop.currency, self.luck.random() < 0.5
        fee_line, at = None, self.moment()
        if luck.random() < 0.8:
            price, quantity = coins(luck, currency) + 1, luck.randint(1, 2)
            discount, tax = (rounded(price * part, currency) for part in (Decimal("0.1"), Decimal("0.07")))
            discount = luck.choice([Decimal(0), discount])
            fee_line = fee(str(price), discount=str(discount), tax=str(tax), currency=currency, quantity=quantity)
        goods = [line(f"Cup {n}", luck.randint(1, 2), sku=f"CUP-{n}") for n in luck.sample(range(4), 2)]
        country = luck.choice(COUNTRIES)
        order = make_order(
            *goods, *([fee_line] if fee_line else []), shop=shop, remote_id=next_id(), created_at=at, updated_at=at,
            currency=currency, presentment_currency=currency, taxes_included=included, test=luck.random() < 0.05,
            financial_status=luck.choice(["paid", "paid", "paid", "partially_refunded", "pending"]),
            amounts={"total": bag(str(coins(luck, currency)), currency)},
            shipping_address=Address(country_code=country, country="-"),
        )  # fmt: skip
        coverage.refresh(order, by="shopify")
        if order.test:
            return
        self.eligible[currency].append((order.total, fee_line is not None))
        paid = order.financial_status != "pending"
        if fee_line and paid:
            net = price * quantity - discount - (tax if included else 0)
            self.by_month[self.month(shop, at)]["collected"] += net
            self.by_month[self.month(shop, at)]["collected_tax"] += tax
        if fee_line and luck.random() < 0.2 and quantity == 2:
            self.give_back(order, fee_line.remote_id, price, paid, included)
        self.send(order, f"{shop.country} → {country}", goods, fee_line is not None)

    def give_back(self, order: Order, remote_id: int, price: Decimal, paid: bool, included: bool) -> None:
        """One of two units of the fee: the coverage stands."""
        at, tax = self.moment(), rounded(price * Decimal("0.03"), order.currency)
        amounts = {"subtotal": bag(str(price), order.currency), "tax": bag(str(tax), order.currency)}
        part = RefundLineSnapshot(remote_id, 1, "no_restock", amounts)
        refund = RefundSnapshot(next_id(), [part], created_at=at, processed_at=at)
        apply_refund(order.shop, order.remote_id, refund, Origin("shopify"))
        order.refresh_from_db()
        coverage.refresh(order, by="shopify")
        if paid:
            self.by_month[self.month(order.shop, at)]["refunded"] += price - (tax if included else 0)
            self.by_month[self.month(order.shop, at)]["refunded_tax"] += tax

    def send(self, order: Order, lane: str, goods: list[Any], covered: bool) -> None:
        luck = self.luck
        if luck.random() < 0.15:
            return
        split = luck.random() < 0.4
        parcels = [
            (luck.choice(["UPS", "DHL", " "]), luck.choice([1, 2, None]), [one.remote_id for one in part])
            for part in ([goods[:1], goods[1:]] if split else [goods])
        ]
        for carrier, place, lines in parcels:
            sent(order, carrier, place=place, lines=lines)
        sent(order, "NEVER", place=1).delete()
        claims = luck.choice([0, 0, 1, 2])
        reasons = [self.claim(order) for _ in range(claims)]
        if not covered:
            return
        first = parcels[0]  # a claim is on the first line, which is in the first parcel
        self.count("all", "", claims)
        self.count("lane", lane, claims)
        for carrier in {carrier.strip() or "?" for carrier, _, _ in parcels}:
            self.count("carrier", carrier, claims * (carrier == (first[0].strip() or "?")))
        for place in {place for _, place, _ in parcels}:
            self.count("warehouse", f"House {place}" if place else "?", claims * (place == first[1]))
        for one in goods:
            self.count("sku", one.sku, claims * (one is goods[0]))
        for reason in reasons:
            self.rates["reason", reason][1] += 1

    def count(self, by: str, key: str, claims: int) -> None:
        self.rates[by, key][0] += 1
        self.rates[by, key][1] += claims

    def claim(self, order: Order) -> str:
        luck, at = self.luck, self.moment()
        reason = luck.choice(REASONS)
        claim = claimed(order, reason, luck.choice(["closed", "closed", "in_review"]))
        if claim.state == "closed":
            Feedback.objects.create(claim=claim, closed_at=at, score=luck.randint(1, 5), by="customer")
        for _ in range(luck.randint(0, 2)):
            kind, amount = luck.choice(KINDS), coins(luck, order.currency)
            state = luck.choice(["executed", "executed", "executed", "reversed", "failed", "queued", "held"])
            amount = Decimal(0) if kind == "handled_elsewhere" else amount
            made = remedy(claim, kind, str(amount), at.isoformat(), state=state)
            if state == "executed":
                self.spend(made, kind, amount, at)
        return reason

    def spend(self, made: Any, kind: str, amount: Decimal, at: datetime) -> None:
        order = made.claim.order
        book = self.by_month[self.month(order.shop, at)]
        book["remedies"] += 1
        if kind != "replacement":
            book["money"] += amount
            return
        usual = order.shop.cost_standards.first()
        share = Decimal(str(usual.goods_share)) if usual else Decimal(50)
        book["goods"] += rounded(amount * share / 100, order.currency)
        abroad = order.shipping_address["country_code"] != order.shop.country
        if usual:
            book["label"] += usual.label_international if abroad else usual.label_domestic
        book["estimated"] += 1


@pytest.fixture(params=[1, 2])
def world(request) -> World:
    return World(request.param)


def test_every_month_of_every_currency_is_what_happened_then(world):
    found = figures("2026-01", "2026-12")
    names = "collected collected_tax refunded refunded_tax goods label money remedies estimated".split()
    for book in found.books:
        for first, sums in zip(found.period.months, book.months, strict=True):
            said = world.by_month[book.currency, f"{first:%Y-%m}"]
            assert {name: getattr(sums, name) for name in names} == {name: said[name] for name in names}, first
            assert sums.cost == sums.goods + sums.label + sums.duty + sums.money
            assert_rows_add_up(book.currency, f"{first:%Y-%m}", sums)
        assert sum(book.by_shop.values(), Sums()) == book.total
    assert {book.currency for book in found.books} == set(ZONES)


def assert_rows_add_up(currency: str, month: str, sums: Sums) -> None:
    for what in ("collected", "refunded"):
        fees = rows("fees", month, month, currency=currency, what=what)
        assert (total(fees, "amount"), total(fees, "tax")) == (getattr(sums, what), getattr(sums, f"{what}_tax"))
        assert {row["day"][:7] for row in fees} <= {month}
    costs = rows("costs", month, month, currency=currency)
    for column in ("goods", "label", "duty", "money", "cost"):
        assert total(costs, column) == getattr(sums, column)
    assert len(costs) == sums.remedies


def test_the_attach_rate_counts_each_order_that_could_have_protection(world):
    for book in figures("2026-01", "2026-12").books:
        orders, attach = world.eligible[book.currency], book.attached
        assert (attach.orders, attach.protected) == (len(orders), sum(protected for _, protected in orders))
        assert attach.value == sum(value for value, _ in orders)
        assert attach.protected_value == sum(value for value, protected in orders if protected)
        listed = rows("eligible", "2026-01", "2026-12", currency=book.currency)
        assert (len(listed), total(listed, "value")) == (attach.orders, attach.value)
        assert sum(row["protected"] == "yes" for row in listed) == attach.protected


def test_claims_are_counted_by_the_parcel_that_they_are_about(world):
    found = figures("2026-01", "2026-12")
    overall = world.rates["all", ""]
    assert overall[0] > 10
    for by, rates in found.rates.items():
        said = {key: tuple(numbers) for (kind, key), numbers in world.rates.items() if kind == by}
        if by == "reason":
            said = {key: (overall[0], claims) for key, (_, claims) in said.items()}
        assert {rate.key: (rate.orders, rate.claims) for rate in rates} == said
        for rate in rates:
            listed = rows("sent", "2026-01", "2026-12", by=by, key=rate.key)
            assert total(listed, "claims") == rate.claims
            assert by == "reason" or len(listed) == rate.orders
            assert len({row["order"] for row in listed}) == len(listed)


def test_the_reserve_and_the_score_are_made_of_the_rows_behind_them(world):
    year_ago = str(TODAY - timedelta(days=365))
    for book in figures("2026-01", "2026-12").books:
        for one in book.expected:
            its = {"currency": book.currency, "reason": one.reason}
            for stands, number in (("open", one.open), ("closed", one.closed)):
                assert len(rows("claims", **its, stands=stands)) == number
            costs = rows("costs", year_ago, str(TODAY), **its)
            assert total(costs, "cost") == one.cost
            assert len({row["claim"] for row in costs}) == one.paid
    found, listed = figures("2026-01", "2026-12"), rows("feedback", "2026-01", "2026-12")
    assert len(listed) == found.scores
    assert found.score is not None
    assert abs(total(listed, "score") / len(listed) - found.score) < Decimal("0.0001")
