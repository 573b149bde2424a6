"""The ledger's figures in words: amounts, shares, alarms, and how each figure came about."""

from decimal import ROUND_HALF_UP, Decimal

from orders.money import rounded, text_of
from protection.ledger.asking import GOODS_SHARE
from protection.ledger.statement import FEW, Book, Expected, Rate, Sums
from protection.models import Claim

NOT_KNOWN = "?"
ALARM = Decimal("0.02")  # claims per order sent; what the field sees in bad weeks
LANE_ALARM = Decimal("0.05")


def amount(value: Decimal, currency: str) -> str:
    """Such as "1,234.50 USD": as many digits as the currency has, and commas for people."""
    return f"{number(value, currency)} {currency}"


def number(value: Decimal, currency: str) -> str:
    """The same without the currency, where that stands beside it."""
    return f"{Decimal(text_of(rounded(value, currency), currency)):,f}"


def percent(share: Decimal | None) -> str:
    """Such as "2.4 %"; a dash where there is no share."""
    if share is None:
        return "–"
    return f"{(share * 100).quantize(Decimal('0.1'), ROUND_HALF_UP):,f} %"


def key_text(by: str, key: str) -> str:
    """How a carrier, a lane, a SKU, a warehouse or a reason is called on the page."""
    if by == "reason":
        return Claim.Reason(key).label if key in Claim.Reason.values else key
    return "not known" if key == NOT_KNOWN else key


def verdict(by: str, rate: Rate) -> tuple[str, str]:
    """(words, tone) about a claim rate: an alarm above the limit, and that nothing can be said of few orders."""
    if rate.share is None or rate.orders < FEW:
        return "too few orders to say", ""
    limit = LANE_ALARM if by == "lane" else ALARM
    if rate.share > limit:
        return f"alarm: above {percent(limit)}", "bad"
    return "", ""


def payout(sums: Sums) -> str:
    """What of the fees the claims took, in a sentence."""
    if sums.payout is None:
        return "No fees were kept, so there is nothing to compare the cost with."
    if sums.payout > 1:
        return f"The claims cost more than the fees brought: {percent(sums.payout)} of them."
    return f"The claims took {percent(sums.payout)} of the fees."


def estimates(sums: Sums) -> list[str]:
    """What of the cost is not known for certain; empty where all of it is."""
    said = []
    if sums.estimated:
        said.append(
            f"The goods of {_of(sums.estimated, 'replacement')} count at a share of their price, because what they "
            f"cost to buy is not known: the share you set, else {GOODS_SHARE} %."
        )
    if sums.no_label:
        said.append(f"The label of {_of(sums.no_label, 'replacement')} is not known and counts as nothing.")
    if sums.no_duty:
        said.append(f"The duties on {_of(sums.no_duty, 'replacement')} are not known and count as nothing.")
    return said


def expected_of(expected: Expected, currency: str) -> str:
    """How the reserve of one reason came about, in a sentence."""
    reason = key_text("reason", expected.reason)
    waiting = _of(expected.open, "open claim")
    promised = f" and {_of(expected.promised, 'remedy', 'remedies')} promised" if expected.promised else ""
    if expected.amount is None or expected.share is None or expected.mean is None:
        return (
            f"{reason}: {waiting}{promised}. In the last 365 days {expected.closed:,} claims of this kind were closed "
            f"and {expected.paid:,} cost something; below {FEW} that is too few to say what these will cost."
        )
    return (
        f"{reason}: {waiting} × {percent(expected.share)} approved ({expected.approved:,} of {expected.closed:,} "
        f"closed in the last 365 days){promised}, at {amount(expected.mean, currency)} each "
        f"({amount(expected.cost, currency)} for {expected.paid:,} claims in that time)."
    )


def reserve(book: Book) -> tuple[Decimal, int]:
    """What to keep for open claims, and how many of them are not in it, because too little is known."""
    known = [one for one in book.expected if one.amount is not None]
    left_out = sum(one.open + one.promised for one in book.expected if one.amount is None)
    return sum((rounded(one.amount or Decimal(0), book.currency) for one in known), Decimal(0)), left_out


def _of(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
