"""The money view: what the delivery guarantee earns and costs, each figure with the rows that it is made of."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from backoffice.console.pages import ConsolePage
from orders.models import Shop
from protection.ledger import charts, words
from protection.ledger.asked import Asked
from protection.ledger.asking import HISTORY
from protection.ledger.downloads import LISTINGS, csv_lines
from protection.ledger.statement import (
    FEW,
    MOST_KEYS,
    Attach,
    Book,
    Expected,
    Rate,
    Statement,
    Sums,
    months_of,
    statement,
)

SEE = "protection.view_money"
CHARTED = 8  # carriers in the chart; the table has more
KINDS = {
    "carrier": ("Carrier", "By carrier"),
    "lane": ("From → to", "By lane"),
    "warehouse": ("Warehouse", "By warehouse"),
    "sku": ("SKU", "By SKU"),
    "reason": ("Reason", "By reason"),
}


class _Asking(ConsolePage):
    """What the page and its downloads share: who may see them, and what is asked about."""

    http_method_names = ["get", "head"]
    verbs: ClassVar[dict[str, str]] = {}
    refused = ""

    def may_see(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(SEE))

    def load(self, pk: int) -> Asked:
        try:
            return Asked.of(self.request.GET.dict())
        except ValueError as reason:
            self.refused = str(reason)
            return Asked.of({})


class MoneyPage(_Asking):
    """A GET and nothing else: ?from=, ?to= (days or months), ?shop= (the domain of one store)."""

    template_name = "protection/money.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if self.refused:
            return self.answer(status=400, refusal=f"{self.refused} Shown is the usual period of all stores.")
        return self.answer()

    def context(self) -> dict[str, Any]:
        asked: Asked = self.subject
        found = statement(asked.ledger)
        return {
            "title": "What the guarantee earns and costs",
            "asked": asked,
            "books": [_book(asked, found, book) for book in found.books],
            "overall": _rate(asked, "all", found.overall),
            "kinds": [_kind(asked, found, by) for by in KINDS],
            "carriers": _carriers(found),
            "score": found.score and f"{found.score:.1f}",
            "scores": found.scores,
            "score_rows": _rows(asked, "feedback"),
            "may_set_costs": self.request.user.has_perm("protection.view_coststandard"),
            "few": FEW,
            "alarm": words.percent(words.ALARM),
            "lane_alarm": words.percent(words.LANE_ALARM),
        }


class MoneyRows(_Asking):
    """The rows behind a figure, as a CSV that is sent while it is read."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        name = kwargs["name"]
        if self.refused or name not in LISTINGS:
            return HttpResponse(self.refused or "There are no such rows.", "text/plain; charset=utf-8", 400)
        lines = csv_lines(self.subject.ledger, name, request.GET.dict())
        head = {"Content-Disposition": f'attachment; filename="guarantee-{name}.csv"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=head)


def _rows(asked: Asked, name: str, first: date | None = None, last: date | None = None, **more: str) -> str:
    return f"{reverse('admin:protection_money_rows', args=[name])}?{asked.query(first, last, **more)}"


def _book(asked: Asked, found: Statement, book: Book) -> dict[str, Any]:
    """One currency: the figures on top, the months, the stores, and what is to be kept for open claims."""
    currency, total = book.currency, book.total
    reserved, left_out = words.reserve(book)
    days = months_of(found)
    months = [_month(asked, book, sums, *span) for sums, span in zip(book.months, days, strict=True)]
    shops = {shop.pk: shop for shop in found.shops}
    keys = list(dict.fromkeys([*book.attach, *book.by_shop]))
    return {
        "currency": currency,
        "figures": _figures(asked, book, total),
        "payout": words.payout(total),
        "estimates": words.estimates(total),
        "without_fee": total.without_fee and words.amount(total.without_fee, currency),
        "without_fee_rows": _rows(asked, "costs", currency=currency, covered_by="no fee"),
        "tax": words.amount(total.collected_tax - total.refunded_tax, currency),
        "months": months,
        "total": _amounts(total, currency),
        "chart": charts.months(
            [
                (f"{span[0]:%b}", sums.kept, f"{span[0]:%b %Y}: fees kept {words.amount(sums.kept, currency)}",
                 sums.spent, f"{span[0]:%b %Y}: cost {words.amount(sums.spent, currency)}")
                for sums, span in zip(book.months, days, strict=True)
            ]
        ),
        "stores": [_store(asked, book, shops[key]) for key in keys if key in shops] if len(keys) > 1 else [],
        "reserve": words.amount(reserved, currency),
        "left_out": left_out,
        "expected": [_expected(asked, one, currency) for one in book.expected],
    }  # fmt: skip


def _figures(asked: Asked, book: Book, total: Sums) -> list[dict[str, Any]]:
    currency, attach = book.currency, book.attached
    said = _amounts(total, currency)
    costs, recovered = (_rows(asked, name, currency=currency) for name in ("costs", "recoveries"))
    collected, refunded = (_rows(asked, "fees", currency=currency, what=what) for what in ("collected", "refunded"))
    eligible = _rows(asked, "eligible", currency=currency)
    return [
        {"name": "Fees collected", "value": said["collected"], "rows": collected},
        {"name": "Fees given back", "value": said["refunded"], "rows": refunded},
        {"name": "Cost of remedies", "value": said["cost"], "rows": costs, "note": f"{total.remedies:,} carried out"},
        {"name": "Back from carriers", "value": said["recovered"], "rows": recovered},
        {"name": "Left over", "value": said["left"], "tone": "bad" if total.left < 0 else ""},
        {"name": "Payout ratio", "value": words.percent(total.payout), "note": "cost ÷ fees kept"},
        {"name": "Attach rate", "value": words.percent(attach.rate), "rows": eligible,
         "note": f"{attach.protected:,} of {attach.orders:,} orders; {words.percent(attach.value_rate)} by value"},
    ]  # fmt: skip


def _month(asked: Asked, book: Book, sums: Sums, first: date, last: date) -> dict[str, Any]:
    its = {"first": first, "last": last, "currency": book.currency}
    return {
        "name": f"{first:%b %Y}",
        "amounts": _amounts(sums, book.currency),
        "fees": _rows(asked, "fees", what="collected", **its),  # type: ignore[arg-type]
        "refunds": _rows(asked, "fees", what="refunded", **its),  # type: ignore[arg-type]
        "costs": _rows(asked, "costs", **its),  # type: ignore[arg-type]
        "recoveries": _rows(asked, "recoveries", **its),  # type: ignore[arg-type]
    }


def _amounts(sums: Sums, currency: str) -> dict[str, str]:
    """Every amount of `sums` without its currency, which stands in the head of the table."""
    names = ("collected", "collected_tax", "refunded", "goods", "label", "duty", "money", "recovered", "kept", "spent",
             "cost", "left")  # fmt: skip
    said = {name: words.number(getattr(sums, name), currency) for name in names}
    return said | {"payout": words.percent(sums.payout), "remedies": f"{sums.remedies:,}"}


def _store(asked: Asked, book: Book, shop: Shop) -> dict[str, Any]:
    attach = book.attach.get(shop.pk, Attach())
    return {
        "shop": shop,
        "query": asked.query(shop=shop.domain),
        "amounts": _amounts(book.by_shop.get(shop.pk, Sums()), book.currency),
        "attach": words.percent(attach.rate),
        "attach_value": words.percent(attach.value_rate),
    }


def _expected(asked: Asked, one: Expected, currency: str) -> dict[str, Any]:
    return {
        "name": words.key_text("reason", one.reason),
        "waiting": f"{one.open + one.promised:,}",
        "share": "–" if one.share is None else words.percent(one.share),
        "mean": "–" if one.mean is None else words.number(one.mean, currency),
        "amount": "too few to say" if one.amount is None else words.number(one.amount, currency),
        "words": words.expected_of(one, currency),
        "open": _rows(asked, "claims", currency=currency, reason=one.reason),
        "costs": _rows(asked, "costs", asked.today - HISTORY, asked.today, currency=currency, reason=one.reason),
    }


def _kind(asked: Asked, found: Statement, by: str) -> dict[str, Any]:
    head, title = KINDS[by]
    rates = found.rates[by]
    return {
        "by": by,
        "head": head,
        "title": title,
        "rates": [_rate(asked, by, rate) for rate in rates],
        "rows": _rows(asked, "sent", by=by),
        "cut": len(rates) == MOST_KEYS,
    }


def _rate(asked: Asked, by: str, rate: Rate) -> dict[str, Any]:
    said, tone = words.verdict(by, rate)
    return {
        "name": words.key_text(by, rate.key),
        "orders": f"{rate.orders:,}",
        "claims": f"{rate.claims:,}",
        "share": words.percent(rate.share),
        "verdict": said,
        "tone": tone,
        "rows": _rows(asked, "sent", by=by, key=rate.key),
    }


def _carriers(found: Statement) -> dict[str, Any]:
    rates = [rate for rate in found.rates["carrier"] if rate.orders][:CHARTED]
    bars = [
        (
            words.key_text("carrier", rate.key), rate.share or Decimal(0),
            f"{words.percent(rate.share)} ({rate.claims:,} of {rate.orders:,})",
            words.verdict("carrier", rate)[1] == "bad",
        )
        for rate in rates
    ]  # fmt: skip
    return charts.shares(bars, words.ALARM)
