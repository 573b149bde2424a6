"""A customer with a browser that keeps cookies, fills in the forms it was shown, and is checked for forged forms."""

import html
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from orders.models import LineItem
from protection.customer.links import inside
from protection.tests.photos import photo


def picture(seed: int = 1, data: bytes = b"") -> SimpleUploadedFile:
    """A photo as a browser sends it."""
    return SimpleUploadedFile("IMG_0001.jpg", data or photo(seed), "image/jpeg")


class Customer:
    """Opens links by GET, and sends what a page's form holds, changed by what is typed."""

    def __init__(self, language: str = "en") -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"Accept-Language": language})

    def open(self, url: str, **query: Any) -> HttpResponse:
        return self.client.get(inside(url), query)  # type: ignore[return-value]

    def send(self, url: str, verb: str, query: dict[str, Any] | None = None, **typed: Any) -> HttpResponse:
        """POST the form as the page shows it, with its hidden fields; the answer is not followed."""
        page = self.open(url, **(query or {})).content.decode()
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        fields = {name: html.unescape(value) for name, value in hidden.items()} | {"verb": verb} | typed
        address = inside(url).partition("?")[0] + (f"?{inside(url).partition('?')[2]}" if "?" in url else "")
        return self.client.post(address, fields)  # type: ignore[return-value]

    def follow(self, answer: HttpResponse) -> str:
        """The page that a sent form leads to, as text."""
        assert answer.status_code == 303, text(answer)
        page = self.client.get(answer["Location"])
        assert page.status_code == 200
        return text(page)  # type: ignore[arg-type]


def chosen(line: LineItem, reason: str = "damaged", quantity: int = 1) -> dict[str, Any]:
    """What the first step chooses."""
    return {"reason": reason, f"q-{line.public_id}": quantity}


def text(answer: HttpResponse) -> str:
    """What the page says, without its tags."""
    body = re.sub(r"<(style|title)[^>]*>.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()
