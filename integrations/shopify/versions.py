"""API versions: named by the month they came, supported for twelve months from it.

https://shopify.dev/docs/api/usage/versioning. An ended version is answered by the oldest one that is supported, and
X-Shopify-API-Version says which that was: then our documents meet a schema that nobody held them against.
"""

import re
from datetime import date, timedelta

WARN_BEFORE = timedelta(days=60)
FORM = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def sunset(version: str) -> date | None:
    """The day from which a version is not supported any more; None for one without an end, such as "unstable"."""
    found = FORM.fullmatch(version)
    return date(int(found[1]) + 1, int(found[2]), 1) if found else None


def days_left(version: str, today: date) -> int | None:
    """Days until it ends, negative when it has; None for one without an end."""
    end = sunset(version)
    return (end - today).days if end else None


def trouble(pinned: str, answered: str, today: date) -> str:
    """What is wrong with the version we ask for, in a sentence; "" when nothing is."""
    end, left = sunset(pinned), days_left(pinned, today)
    if answered and answered != pinned:
        return f"Shopify answers with version {answered} where we ask for {pinned}. Set SHOPIFY_API_VERSION."
    if end is None or left is None or left > WARN_BEFORE.days:
        return ""
    day = f"{end.day} {end:%B %Y}"
    return f"API version {pinned} {'ended' if left <= 0 else 'ends'} on {day}. Set SHOPIFY_API_VERSION to a newer one."
