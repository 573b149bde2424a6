"""How the pages for customers write sentences, days and money."""

from datetime import date, datetime
from typing import Any

from django import template

from protection.customer import phrases
from protection.shares import bag_of

register = template.Library()


@register.simple_tag
def say(text: str, **values: Any) -> str:
    """A sentence in the customer's language; values in it are escaped with the whole."""
    return phrases.say(text, **values)


@register.filter
def day(moment: datetime | date | None) -> str:
    return phrases.day(moment) if moment else ""


@register.filter
def paid(bag: dict[str, Any] | None) -> str:
    """A money bag as the shopper saw it at the checkout."""
    return phrases.money(bag_of(bag).presentment) if bag else ""
