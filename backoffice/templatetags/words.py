"""How the console writes moments, ages and money."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"))


@register.filter
def age(moment: datetime | None) -> str:
    """Such as "3 d", "5 h", "12 min", "now": how long ago (or ahead) in one figure."""
    if moment is None:
        return "never"
    seconds = abs((timezone.now() - moment).total_seconds())
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


@register.filter
def duration(value: timedelta | None) -> str:
    return age(timezone.now() - value) if value is not None else "never"


@register.simple_tag
def moment(value: datetime | None, style: str = "age") -> SafeString | str:
    """A <time> that shows an age (or a date) and says the exact moment in UTC when pointed at."""
    if value is None:
        return "never"
    exact = f"{value:%Y-%m-%d %H:%M:%S} UTC"
    shown = {"age": age(value), "day": f"{value:%d %b %Y}", "minute": f"{value:%d %b %Y, %H:%M}"}[style]
    if style == "age" and shown != "now":
        shown = f"in {shown}" if value > timezone.now() else f"{shown} ago"
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, shown)


@register.filter
def money(bag: dict[str, Any] | None) -> str:
    """A money bag in words: one amount when shop and shopper used the same currency, otherwise both."""
    if not bag:
        return "–"
    shop, shopper = bag["shop"], bag["presentment"]
    text = f"{shop['amount']} {shop['currency']}"
    return text if shop == shopper else f"{text} (paid {shopper['amount']} {shopper['currency']})"


@register.filter
def words(code: str) -> str:
    """Such as "partially_fulfilled" or "PARTIALLY_FULFILLED" → "Partially fulfilled"."""
    return str(code).replace("_", " ").strip().capitalize()


@register.simple_tag
def page_url(changelist: Any, number: int) -> str:
    """The list as it stands, on another page."""
    return str(changelist.get_query_string({"p": number}))
