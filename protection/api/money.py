"""What the guarantee earns and costs, for programs: GET /v1/protection/money. The figures are those of the console."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.problems import Problem
from orders.models import Shop
from orders.money import rounded, text_of
from protection.ledger import words
from protection.ledger.asking import Ledger
from protection.ledger.period import parse
from protection.ledger.statement import Attach, Book, Expected, Rate, Statement, Sums, months_of, statement


class GuaranteeMoney(APIView):
    """GET /v1/protection/money?from=&to=&shop=: fees, cost, reserve, rates; days or months, if empty the newest year.

    A key that is bound to a shop sees that shop alone.
    """

    scopes = {"GET": "money:read"}

    def get(self, request: Request) -> Response:
        today = timezone.now().date()
        try:
            period = parse(request.query_params.get("from", ""), request.query_params.get("to", ""), today)
        except ValueError as error:
            raise Problem(400, "invalid_parameter", str(error), "from") from error
        return Response(represent(statement(Ledger(_shops(request), period, today))))


def represent(found: Statement) -> dict[str, Any]:
    """A statement as JSON: amounts as text in their currency, rates as shares (0.0213 is 2.13 %)."""
    return {
        "from": str(found.period.first),
        "to": str(found.period.last),
        "shops": [shop.domain for shop in found.shops],
        "currencies": [_book(found, book) for book in found.books],
        "claim_rate": _rate("all", found.overall),
        "claim_rates": {
            by: [{"key": rate.key, **_rate(by, rate)} for rate in rates]
            for by, rates in found.rates.items()
            if by != "all"
        },
        "feedback": {"score": _share(found.score), "answers": found.scores},
    }


def _book(found: Statement, book: Book) -> dict[str, Any]:
    domains = {shop.pk: shop.domain for shop in found.shops}
    days = months_of(found)
    reserved, left_out = words.reserve(book)
    return {
        "currency": book.currency,
        **_sums(book.total, book.currency),
        "attach": _attach(book.attached, book.currency),
        "reserve": {
            "amount": text_of(reserved, book.currency),
            "claims_not_counted": left_out,
            "reasons": [_expected(one, book.currency) for one in book.expected],
        },
        "months": [
            {"from": str(first), "to": str(last), **_sums(sums, book.currency)}
            for sums, (first, last) in zip(book.months, days, strict=True)
        ],
        "by_shop": [
            {
                "shop": domains[key],
                **_sums(book.by_shop.get(key, Sums()), book.currency),
                "attach": _attach(book.attach.get(key, Attach()), book.currency),
            }
            for key in dict.fromkeys([*book.attach, *book.by_shop])
        ],
    }


def _sums(sums: Sums, currency: str) -> dict[str, Any]:
    """Fees and cost; `payout_ratio` is null where no fees were kept."""

    def text(amounts: Mapping[str, Decimal]) -> dict[str, str]:
        return {name: text_of(rounded(amount, currency), currency) for name, amount in amounts.items()}

    return {
        "fees": text(
            {
                "collected": sums.collected,
                "collected_tax": sums.collected_tax,
                "refunded": sums.refunded,
                "refunded_tax": sums.refunded_tax,
                "kept": sums.kept,
            }
        ),
        "cost": text(
            {
                "goods": sums.goods,
                "label": sums.label,
                "duty": sums.duty,
                "money": sums.money,
                "total": sums.cost,
                "without_fee": sums.without_fee,
                "recovered": sums.recovered,
            }
        ),
        "remedies": sums.remedies,
        "estimated": {"goods": sums.estimated, "label_unknown": sums.no_label, "duty_unknown": sums.no_duty},
        **text({"left": sums.left}),
        "payout_ratio": _share(sums.payout),
    }


def _attach(attach: Attach, currency: str) -> dict[str, Any]:
    return {
        "orders": attach.orders,
        "protected": attach.protected,
        "rate": _share(attach.rate),
        "value": text_of(attach.value, currency),
        "protected_value": text_of(attach.protected_value, currency),
        "rate_by_value": _share(attach.value_rate),
    }


def _expected(one: Expected, currency: str) -> dict[str, Any]:
    return {
        "reason": one.reason,
        "open_claims": one.open,
        "promised": one.promised,
        "approved_share": _share(one.share),
        "mean_cost": None if one.mean is None else text_of(rounded(one.mean, currency), currency),
        "amount": None if one.amount is None else text_of(rounded(one.amount, currency), currency),
        "text": words.expected_of(one, currency),
    }


def _rate(by: str, rate: Rate) -> dict[str, Any]:
    said, tone = words.verdict(by, rate)
    return {
        "orders": rate.orders,
        "claims": rate.claims,
        "rate": _share(rate.share),
        "alarm": tone == "bad",
        "text": said or None,
    }


def _share(share: Decimal | None) -> float | None:
    """A ratio, not money: four digits are plenty."""
    return None if share is None else round(float(share), 4)


def _shops(request: Request) -> list[Shop]:
    bound = key_of(request).shop_domain
    asked = request.query_params.get("shop", bound).replace("\x00", "")
    if bound and asked != bound:
        raise Problem(404, "unknown_shop", "There is no such shop.")
    shops = Shop.objects.order_by("name", "domain")
    found = list(shops.filter(domain=asked) if asked else shops)
    if asked and not found:
        raise Problem(404, "unknown_shop", "There is no such shop.")
    return found
