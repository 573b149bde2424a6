"""What a request asks for, whether it came as JSON or from a form on the page."""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from sandbox.catalogue import OutOfStock
from sandbox.kept_orders import NoSuchOrder
from sandbox.placing import Impossible

MOST_MONEY = 10**12

View = Callable[..., HttpResponseBase]


class Unclear(Exception):
    """The request cannot be understood; the text says what is wrong with it."""


class Fields:
    """The named values of one request."""

    def __init__(self, request: HttpRequest) -> None:
        self.given: dict[str, Any]
        if is_form(request):
            self.given = {name: value for name, value in request.POST.items() if value != ""}
            return
        try:
            given = json.loads(request.body or b"{}")
        except ValueError:
            raise Unclear("The body is not JSON") from None
        if not isinstance(given, dict):
            raise Unclear("The body is not a JSON object")
        self.given = given

    def text(self, name: str) -> str | None:
        """A text, or None."""
        value = self.given.get(name)
        if value is not None and not isinstance(value, str):
            raise Unclear(f"{name} must be a text")
        return value

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value:
            raise Unclear(f"{name} is missing")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no; forms say true or false."""
        value = self.given.get(name, default)
        return value.lower() in ("true", "on", "1", "yes") if isinstance(value, str) else bool(value)

    def number(self, name: str, default: int | None = None) -> int | None:
        """A whole number."""
        value = self.given.get(name, default)
        try:
            return None if value is None else int(value)
        except (TypeError, ValueError):
            raise Unclear(f"{name} must be a whole number") from None

    def amount(self, name: str) -> Decimal | None:
        """An amount of money, as text or number."""
        value = self.given.get(name)
        try:
            amount = None if value is None else Decimal(str(value))
        except InvalidOperation:
            raise Unclear(f"{name} must be an amount") from None
        if amount is not None and not (amount.is_finite() and abs(amount) < MOST_MONEY):
            raise Unclear(f"{name} must be an amount")
        return amount

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        """One of some words; the first when nothing is said."""
        word = self.text(name) or known[0]
        if word not in known:
            raise Unclear(f"{name} must be one of {', '.join(known)}")
        return word

    def share(self, name: str, default: float, most: float = 1) -> float:
        """A number from 0 to 1, or to ``most``."""
        try:
            share = float(self.given.get(name, default))
        except (TypeError, ValueError):
            raise Unclear(f"{name} must be a number from 0 to {most:g}") from None
        if not 0 <= share <= most:
            raise Unclear(f"{name} must be a number from 0 to {most:g}")
        return share

    def words(self, name: str) -> list[str]:
        """A list of texts, or one text with commas between them."""
        value = self.given.get(name) or []
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise Unclear(f"{name} must be a list of texts")
        return [one.strip() for one in listed if one.strip()]

    def items(self, name: str) -> list[dict[str, Any]]:
        """A list of objects; in a form it is written as JSON."""
        value = self.given.get(name) or []
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise Unclear(f"{name} is not JSON") from None
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise Unclear(f"{name} must be a list of objects")
        return value

    def purchases(self, name: str) -> list[tuple[str, int]]:
        """``[{"sku": …, "quantity": …}]`` as pairs."""
        try:
            return [(str(one["sku"]), int(one.get("quantity", 1))) for one in self.items(name)]
        except (KeyError, TypeError, ValueError):
            raise Unclear(f"{name} must be a list of {{sku, quantity}}") from None

    def units(self, name: str, order: dict[str, Any]) -> dict[int, int]:
        """``[{"line_id" or "sku": …, "quantity": …}]`` as {line id: quantity}."""
        units = {}
        by_sku = {line["sku"]: line["id"] for line in reversed(order["lines"])}
        try:
            for one in self.items(name):
                line_id = by_sku[one["sku"]] if "sku" in one else int(one["line_id"])
                units[line_id] = int(one.get("quantity", 1))
        except KeyError as missing:
            raise Unclear(f"{name}: the order has no line {missing}") from None
        except (TypeError, ValueError):
            raise Unclear(f"{name} must be a list of {{line_id or sku, quantity}}") from None
        return units


def page_limit(request: HttpRequest) -> int:
    """``?limit=``: a hundred unless told, ten thousand at most."""
    text = request.GET.get("limit", "")
    return min(int(text), 10_000) if text.isascii() and text.isdigit() else 100


def is_form(request: HttpRequest) -> bool:
    """Whether a button of the page sent it; it is then answered with the page."""
    return request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")


def answer(request: HttpRequest, payload: Any, status: int = 200) -> HttpResponseBase:
    """JSON for JSON, the page again for a form."""
    if is_form(request) and status < 400:
        return HttpResponseRedirect("/")
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json", status=status)


def verb(view: View) -> View:
    """A view that takes POST only and says in plain words what it cannot do."""

    def guarded(request: HttpRequest, **path: Any) -> HttpResponseBase:
        if request.method != "POST":
            return answer(request, {"errors": "POST only"}, 405)
        try:
            return view(request, **path)
        except NoSuchOrder as problem:
            return answer(request, {"errors": str(problem)}, 404)
        except (Impossible, OutOfStock, Unclear) as problem:
            return answer(request, {"errors": str(problem)}, 422)

    return guarded
