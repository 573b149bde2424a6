"""What customers read, in their language: the English sentence is the key, other languages look it up.

Dates, numbers and the months' names are Django's, in the language that is active; only our own sentences are here.
"""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone, translation

from orders.models import Order
from orders.money import Money, minor_units
from protection.customer.german import GERMAN
from protection.models import Consent

ENGLISH = "en"
LANGUAGES: dict[str, dict[str, str]] = {"de": GERMAN}


def say(text: str, **values: Any) -> str:
    """`text` in the active language, English where nobody has translated it; `{name}` stands for a value."""
    said = LANGUAGES.get(translation.get_language() or ENGLISH, {}).get(text, text)
    return said.format(**values) if values else said


def listed(words: list[str], last: str) -> str:
    """Such as "a, b or c"; `last` is an English word of the phrases: or, and."""
    return f" {say(last)} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def day(moment: datetime | date) -> str:
    """A day as the active language writes it: Nov. 30, 2026 or 30. November 2026."""
    return formats.date_format(moment.astimezone(timezone.get_default_timezone()).date()
                               if isinstance(moment, datetime) else moment, "DATE_FORMAT")  # fmt: skip


def money(amount: Money) -> str:
    """An amount as the active language writes it, with the currency's code."""
    digits = minor_units(amount.currency)
    return f"{formats.number_format(amount.amount, digits, use_l10n=True, force_grouping=True)} {amount.currency}"


def language_of(request: HttpRequest, order: Order | None = None) -> str:
    """The language the customer bought in, where the order's receipt names it; otherwise the browser's."""
    if order is not None:
        locale = Consent.objects.filter(coverage__order=order).values_list("locale", flat=True).first() or ""
        if (bought := locale.lower()[:2]) in (ENGLISH, *LANGUAGES):
            return bought
    asked = request.headers.get("Accept-Language", "").lower()
    wishes = [part.split(";")[0].strip()[:2] for part in asked[:200].split(",")]
    return next((wish for wish in wishes if wish in (ENGLISH, *LANGUAGES)), ENGLISH)
