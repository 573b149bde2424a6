"""Versions of the Admin API: which are served, and what a caller with another one gets.

https://shopify.dev/docs/api/usage/versioning: a version is supported for a year; who asks for an older one is served
by the oldest that still is, and the answer's ``X-Shopify-API-Version`` says so.
"""

import re

SUPPORTED = ("2026-01", "2026-04", "2026-07", "2026-10")
NEWEST = SUPPORTED[-1]
CANDIDATE = "2027-01"
UNSTABLE = "unstable"

PUBLISHED = (*SUPPORTED, CANDIDATE, UNSTABLE)

FORM = re.compile(r"20\d\d-(01|04|07|10)")
FIRST = "2019-04"


def served(asked: str) -> str | None:
    """The version that answers for the one asked for; None when there never was such a version."""
    if asked in PUBLISHED:
        return asked
    if FORM.fullmatch(asked) and FIRST <= asked < SUPPORTED[0]:
        return SUPPORTED[0]
    return None


def fields(version: str) -> dict[str, str | bool]:
    """The fields of ``ApiVersion``."""
    names = {NEWEST: f"{NEWEST} (Latest)", CANDIDATE: f"{CANDIDATE} (Release candidate)"}
    return {"handle": version, "displayName": names.get(version, version), "supported": version in SUPPORTED}
