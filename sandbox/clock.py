"""Moments: kept as UTC text with microseconds (which sorts like time), shown as Shopify shows them.

GraphQL shows ``2026-11-23T19:30:00Z``, webhook bodies show the shop's own offset, ``2026-11-23T14:30:00-05:00``;
both cut to whole seconds, so two changes of an order may well carry the same ``updated_at``.
"""

from datetime import UTC, datetime, timedelta, timezone

# A zone without summer time, so that the stand-in needs no time zone database.
SHOP_ZONE_NAME = "America/Panama"
SHOP_ZONE = timezone(timedelta(hours=-5), "EST")

# For what has always been there.
EPOCH = "2026-01-01T00:00:00.000000Z"

KEPT_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def now() -> str:
    """This moment in the kept form, ``2026-11-23T19:30:00.123456Z``."""
    return datetime.now(UTC).strftime(KEPT_FORM)


def now_after(earlier: str) -> str:
    """This moment, but at least a microsecond after ``earlier``: an order's changes never share a kept moment."""
    moment = now()
    if moment > earlier:
        return moment
    return (_read(earlier) + timedelta(microseconds=1)).strftime(KEPT_FORM)


def before(seconds: float) -> str:
    """The moment so many seconds ago, in the kept form."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime(KEPT_FORM)


def after(moment: str, *, days: int) -> str:
    """The kept moment so many days later."""
    return (_read(moment) + timedelta(days=days)).strftime(KEPT_FORM)


def kept(text: str) -> str:
    """Any ISO 8601 text in the kept form; a text without offset is read as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime(KEPT_FORM)


def in_webhooks(moment: str | None) -> str | None:
    """A kept moment as webhook bodies write it."""
    return None if moment is None else _read(moment).astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def in_graphql(moment: str | None) -> str | None:
    """A kept moment as GraphQL writes it."""
    return None if moment is None else f"{moment[:19]}Z"


def _read(moment: str) -> datetime:
    return datetime.strptime(moment, KEPT_FORM).replace(tzinfo=UTC)
