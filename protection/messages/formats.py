"""Days and money as they are written in a language."""

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import formats, translation

from orders.money import Money, minor_units

# What stands for a currency where its readers use it; any other is written with its code.
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
BEFORE = frozenset({"en"})  # languages that write the sign in front, without a space
SPACE = "\u00a0"  # a space at which no line is broken


def day(moment: datetime | date | None, language: str, zone: str = "") -> str:
    """Such as “24 December 2026”, on the shop's calendar; empty for None."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        moment = moment.astimezone(_zone(zone)).date()
    name = django_name(language)
    with translation.override(name):
        return formats.date_format(moment, "j F Y" if name.startswith("en") else "DATE_FORMAT", use_l10n=True)


def money(amount: Money, language: str) -> str:
    """Such as “€24.90” in English and “24,90 €” elsewhere, with as many digits as the currency has."""
    digits = max(minor_units(amount.currency), -int(_exponent(amount.amount)))
    with translation.override(django_name(language)):
        number = formats.number_format(amount.amount, decimal_pos=digits, use_l10n=True, force_grouping=True)
    sign = SIGNS.get(amount.currency)
    if language.split("-")[0] in BEFORE:
        return f"{sign}{number}" if sign else f"{number}{SPACE}{amount.currency}"
    return f"{number}{SPACE}{sign or amount.currency}"


def django_name(language: str) -> str:
    """The language as Django knows it, English where it does not."""
    for name in (language, language.split("-")[0]):
        if translation.check_for_language(name):
            return name
    return "en"


def _exponent(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
