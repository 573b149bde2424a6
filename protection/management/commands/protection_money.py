from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from protection.ledger import words
from protection.ledger.asked import Asked
from protection.ledger.statement import Book, Rate, Statement, Sums, months_of, statement

COLUMNS = ("collected", "refunded", "goods", "label", "duty", "money", "recovered", "left")
HEADS = ("Fees", "Given back", "Goods", "Labels", "Duties", "Money", "Carriers", "Left over", "Payout")
KINDS = {"carrier": "carrier", "lane": "lane", "warehouse": "warehouse", "sku": "SKU", "reason": "reason"}


class Command(BaseCommand):
    help = "Print what the delivery guarantee earned and cost: the figures of the console's money view."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", default="", dest="from_", metavar="DAY", help="2026-03-01, or the month 2026-03")
        parser.add_argument("--to", default="", metavar="DAY", help="the last day, or month; both empty: a year")
        parser.add_argument("--shop", default="", help="the domain of one store; empty: all")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = Asked.of({"from": options["from_"], "to": options["to"], "shop": options["shop"]})
        except ValueError as error:
            raise CommandError(str(error)) from error
        for line in printed(statement(asked.ledger)):
            self.stdout.write(line)


def printed(found: Statement) -> Iterator[str]:
    """The statement as lines of text, 120 wide where the amounts let it."""
    yield f"What the delivery guarantee earned and cost, {found.period.first} to {found.period.last}"
    for book in found.books:
        yield from _book(found, book)
    yield f"\nClaims per order sent: {_said('all', found.overall)}"
    for by, title in KINDS.items():
        for rate in found.rates[by]:
            yield f"  {title} {words.key_text(by, rate.key)}: {_said(by, rate)}"
    if found.scores:
        yield f"\nCustomers: {found.score:.1f} of 5 in {found.scores:,} answers"


def _book(found: Statement, book: Book) -> Iterator[str]:
    yield f"\nIn {book.currency}\n{'':10}{''.join(f'{head:>13}' for head in HEADS)}"
    for (first, _), sums in zip(months_of(found), book.months, strict=True):
        yield _line(f"{first:%b %Y}", sums, book.currency)
    yield _line("All", book.total, book.currency)
    yield words.payout(book.total)
    yield from words.estimates(book.total)
    attach = book.attached
    yield (
        f"Attach rate: {words.percent(attach.rate)} ({attach.protected:,} of {attach.orders:,} orders), "
        f"{words.percent(attach.value_rate)} by value."
    )
    reserved, left_out = words.reserve(book)
    yield f"Reserve for open claims: {words.amount(reserved, book.currency)}; not counted: {left_out:,} claims."
    yield from (f"  {words.expected_of(one, book.currency)}" for one in book.expected)


def _line(name: str, sums: Sums, currency: str) -> str:
    amounts = "".join(f"{words.number(getattr(sums, column), currency):>13}" for column in COLUMNS)
    return f"{name:10}{amounts}{words.percent(sums.payout):>13}"


def _said(by: str, rate: Rate) -> str:
    verdict, _ = words.verdict(by, rate)
    counts = f"{words.percent(rate.share)} ({rate.claims:,} of {rate.orders:,})"
    return f"{counts}, {verdict}" if verdict else counts
