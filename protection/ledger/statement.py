"""What the guarantee earned and cost in a period, in figures: six questions to the database, whatever the size.

Currencies are never added up: there is a book for each. Rates are counts, and are over all shops asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal

from orders.models import Shop
from protection.ledger.asking import Ledger, Row
from protection.ledger.period import Period

MOST_KEYS = 20  # of each kind on a page; all of them are in the download
FEW = 20  # below so many, a share says nothing
ZERO = Decimal(0)


@dataclass(slots=True)
class Sums:
    """Money of one currency, added up. Fees are without tax; `cost` is goods, labels, duties and money given.

    `recovered` is what carriers paid back.
    """

    collected: Decimal = ZERO
    collected_tax: Decimal = ZERO
    refunded: Decimal = ZERO
    refunded_tax: Decimal = ZERO
    goods: Decimal = ZERO
    label: Decimal = ZERO
    duty: Decimal = ZERO
    money: Decimal = ZERO
    cost: Decimal = ZERO
    recovered: Decimal = ZERO
    without_fee: Decimal = ZERO  # the part of `cost` that was for orders without a fee
    remedies: int = 0
    estimated: int = 0  # replacements whose goods are counted at a share of their price
    no_label: int = 0  # replacements whose label is not known at all
    no_duty: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Sums)))

    @property
    def kept(self) -> Decimal:
        """Fees less fees given back."""
        return self.collected - self.refunded

    @property
    def spent(self) -> Decimal:
        """Cost less what carriers paid back."""
        return self.cost - self.recovered

    @property
    def left(self) -> Decimal:
        return self.kept - self.spent

    @property
    def payout(self) -> Decimal | None:
        """What was spent as a share of the fees kept; None where none were."""
        return self.spent / self.kept if self.kept > 0 else None


@dataclass(slots=True)
class Attach:
    """How many of the orders that could have protection have it; values are order totals."""

    orders: int = 0
    protected: int = 0
    value: Decimal = ZERO
    protected_value: Decimal = ZERO

    def __add__(self, other: "Attach") -> "Attach":
        return Attach(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Attach)))

    @property
    def rate(self) -> Decimal | None:
        return Decimal(self.protected) / self.orders if self.orders else None

    @property
    def value_rate(self) -> Decimal | None:
        return self.protected_value / self.value if self.value else None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the open claims of one reason will probably cost, by the last 365 days.

    An open claim counts with the share of approved ones among those closed then, times what a claim cost for which
    something was carried out then. One that is approved and not carried out yet counts whole. `amount` is None where
    fewer than FEW are known of either: too few to say.
    """

    reason: str
    open: int
    promised: int
    closed: int
    approved: int
    paid: int  # claims for which something was carried out
    cost: Decimal  # of all that was

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.approved) / self.closed if self.closed >= FEW else None

    @property
    def mean(self) -> Decimal | None:
        return self.cost / self.paid if self.paid >= FEW else None

    @property
    def amount(self) -> Decimal | None:
        if self.share is None or self.mean is None:
            return None
        return (self.open * self.share + self.promised) * self.mean


@dataclass(slots=True)
class Book:
    """Everything in one currency: month by month, shop by shop, and what the open claims will cost."""

    currency: str
    months: list[Sums]
    by_shop: dict[int, Sums] = field(default_factory=dict)
    attach: dict[int, Attach] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)

    @property
    def total(self) -> Sums:
        return sum(self.months, Sums())

    @property
    def attached(self) -> Attach:
        return sum(self.attach.values(), Attach())


@dataclass(frozen=True, slots=True)
class Rate:
    """Claims on orders that were sent. `key` is a carrier, lane, SKU, warehouse or reason; "" for all orders."""

    key: str
    orders: int
    claims: int

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.claims) / self.orders if self.orders else None


@dataclass(frozen=True, slots=True)
class Statement:
    period: Period
    shops: Sequence[Shop]
    books: list[Book]
    rates: dict[str, list[Rate]]  # by what: all, carrier, lane, warehouse, sku, reason
    score: Decimal | None  # of the customers who were asked, 1 to 5
    scores: int

    @property
    def overall(self) -> Rate:
        return self.rates["all"][0]


def statement(ledger: Ledger) -> Statement:
    """All figures of these shops in this period."""
    books: dict[str, Book] = {}

    def book(currency: str) -> Book:
        if currency not in books:
            books[currency] = Book(currency, [Sums() for _ in ledger.period.months])
        return books[currency]

    costs = ledger.ask("costs", COSTS)
    for row in [*ledger.ask("income", INCOME), *costs]:
        if row["month"] is not None and 1 <= row["month"] <= len(ledger.period.months):
            its, sums = book(row["currency"]), _sums(row)
            its.months[row["month"] - 1] += sums
            its.by_shop[row["shop_id"]] = its.by_shop.get(row["shop_id"], Sums()) + sums
    for row in ledger.ask("eligible", ELIGIBLE):
        attach = Attach(row["orders"], row["protected"], row["value"], row["protected_value"])
        book(row["currency"]).attach[row["shop_id"]] = attach
    past = {(row["currency"], row["reason"]): row for row in costs if row["month"] is None}
    for row in ledger.ask("claims", CLAIMS):
        spent = past.get((row["currency"], row["reason"]), {"recent_cost": ZERO, "recent_claims": 0})
        if row["open"] or row["promised"]:
            book(row["currency"]).expected.append(Expected(
                row["reason"], row["open"], row["promised"], row["closed"], row["approved"],
                spent["recent_claims"], spent["recent_cost"],
            ))  # fmt: skip
    score = ledger.ask("feedback", "SELECT avg(score) AS mean, count(*) AS number FROM rows")[0]
    ordered = sorted(books.values(), key=lambda each: (-each.attached.orders, each.currency))
    return Statement(ledger.period, ledger.shops, ordered, _rates(ledger), score["mean"], score["number"])


INCOME = """
SELECT shop_id, currency, month, COALESCE(sum(amount) FILTER (WHERE what = 'collected'), 0) AS collected,
    COALESCE(sum(tax) FILTER (WHERE what = 'collected'), 0) AS collected_tax,
    COALESCE(sum(amount) FILTER (WHERE what = 'refunded'), 0) AS refunded,
    COALESCE(sum(tax) FILTER (WHERE what = 'refunded'), 0) AS refunded_tax,
    COALESCE(sum(amount) FILTER (WHERE what = 'recovered'), 0) AS recovered
FROM rows GROUP BY shop_id, currency, month"""
# By month for the books, and once more by reason over the last 365 days, for what open claims will cost.
COSTS = """
SELECT shop_id, currency, month, reason, COALESCE(sum(goods), 0) AS goods, COALESCE(sum(label), 0) AS label,
    COALESCE(sum(duty), 0) AS duty, COALESCE(sum(money), 0) AS money, COALESCE(sum(cost), 0) AS cost,
    COALESCE(sum(cost) FILTER (WHERE covered_by = 'no fee'), 0) AS without_fee,
    count(*) AS remedies, count(*) FILTER (WHERE goods_from = 'estimated') AS estimated,
    count(*) FILTER (WHERE label_from = 'unknown') AS no_label,
    count(*) FILTER (WHERE duty_from = 'unknown') AS no_duty,
    COALESCE(sum(cost) FILTER (WHERE recent), 0) AS recent_cost,
    count(DISTINCT claim_id) FILTER (WHERE recent) AS recent_claims
FROM rows WHERE month BETWEEN 1 AND %(months)s OR recent
GROUP BY GROUPING SETS ((shop_id, currency, month), (currency, reason))"""
ELIGIBLE = """
SELECT shop_id, currency, count(*) AS orders, count(*) FILTER (WHERE protected) AS protected, sum(value) AS value,
    COALESCE(sum(value) FILTER (WHERE protected), 0) AS protected_value
FROM rows GROUP BY shop_id, currency"""
CLAIMS = """
SELECT currency, reason, count(*) FILTER (WHERE stands = 'open') AS open,
    count(*) FILTER (WHERE stands = 'promised' AND NOT carried_out) AS promised,
    count(*) FILTER (WHERE stands = 'closed') AS closed,
    count(*) FILTER (WHERE stands = 'closed' AND approved) AS approved
FROM rows GROUP BY currency, reason ORDER BY currency, reason"""
RATES = """
SELECT * FROM (
    SELECT by, key, sum(orders)::bigint AS orders, sum(claims)::bigint AS claims,
        row_number() OVER (PARTITION BY by ORDER BY sum(claims) DESC, sum(orders) DESC, key) AS place
    FROM rows GROUP BY by, key
) ranked WHERE place <= %(most)s ORDER BY by, place"""


def _sums(row: Row) -> Sums:
    return Sums(**{each.name: row[each.name] for each in fields(Sums) if each.name in row})


def _rates(ledger: Ledger) -> dict[str, list[Rate]]:
    found: dict[str, list[Rate]] = {name: [] for name in ("all", "carrier", "lane", "warehouse", "sku", "reason")}
    for row in ledger.ask("rates", RATES, most=MOST_KEYS):
        found[row["by"]].append(Rate(row["key"], row["orders"], row["claims"]))
    whole = found["all"] or [Rate("", 0, 0)]
    by_reason = [Rate(rate.key, whole[0].orders, rate.claims) for rate in found["reason"]]
    return found | {"all": whole, "reason": by_reason}


def months_of(found: Statement) -> list[tuple[date, date]]:
    """The first and the last day of each month of the period, as far as it belongs to it."""
    firsts = found.period.months
    lasts = [*(date.fromordinal(day.toordinal() - 1) for day in firsts[1:]), found.period.last]
    return list(zip(firsts, lasts, strict=True))
