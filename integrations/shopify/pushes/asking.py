"""One effect at the shop: asked for once it is certain that it is still wanted, and what the answer says of it.

Shopify refuses in `userErrors` (the answer is HTTP 200): that is an answer, so the change is settled, as failed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backoffice import failpoints
from integrations.errors import GiveUp, NotYet, Throttled
from integrations.models import Connection, Delivery
from integrations.shopify.arriving import read_and_apply
from integrations.shopify.client import Shopify, gid
from orders.changes import carrying
from orders.models import Change

BY = "shopify"
# The answer to a key whose first request has not ended; `refundCreate` has no codes, only the words.
UNDER_WAY, UNDER_WAY_WORDS = "IDEMPOTENCY_CONCURRENT_REQUEST", "currently in progress"


class Refused(Exception):
    """The shop will not do it, in its own words; asking again as it is cannot help."""

    def __init__(self, message: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or []


class Unknown(Exception):
    """Nobody knows whether the shop has done it, and it must not be done twice: somebody must look."""


class Withdrawn(Exception):
    """It was given up while we looked."""


def ask(connection: Connection, change: Change, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The payload of one mutation. Raises Refused, Withdrawn; RetryLater when nobody knows whether it was done."""
    is_first = change.started_at is None
    if not carrying.start(change):
        raise Withdrawn
    failpoints.reach("change.asking")
    try:
        answer = Shopify(connection).run(document, variables)
    except (Throttled, GiveUp) as problem:
        # A query that was refused may have been carried out before one of its fields was denied.
        if is_first and getattr(problem, "parked", "") != Delivery.Parked.REFUSED:
            carrying.not_asked(change)
        raise
    failpoints.reach("change.asked")
    return accepted(answer)


def accepted(answer: dict[str, Any]) -> dict[str, Any]:
    """The payload of the one mutation of an answer; raises Refused, NotYet while the shop works on an earlier try."""
    payload: dict[str, Any] = next(iter(answer.values()))
    errors: list[dict[str, Any]] = next(
        (value for name, value in payload.items() if name.lower().endswith("usererrors")), []
    )
    if any(error.get("code") == UNDER_WAY or UNDER_WAY_WORDS in error["message"] for error in errors):
        raise NotYet("The shop still works on the try whose answer was lost.", after=5)
    if errors:
        raise Refused(words(errors), errors)
    return payload


def words(errors: list[dict[str, Any]]) -> str:
    """Shopify's own sentences, each with the field it means."""
    said = []
    for error in errors:
        field = ".".join(str(part) for part in error.get("field") or [] if part != "input")
        said.append(f"{error['message']} ({field})" if field else str(error["message"]))
    return " ".join(said)


def remote_order(connection: Connection, change: Change, document: str) -> dict[str, Any]:
    """The order as `document` reads it now; raises Refused when the shop does not show it."""
    order: dict[str, Any] | None = Shopify(connection).run(document, {"id": order_gid(change)})["order"]
    if order is None:
        raise Refused("Shopify does not show us this order any more: deleted, too old, or no access.")
    return order


def order_gid(change: Change) -> str:
    assert change.order is not None
    return gid("Order", change.order.remote_id)


def bring_home(connection: Connection, change: Change) -> None:
    """Read the order and let it in, so that our row is right at once; the webhook that follows brings nothing new."""
    assert change.order is not None
    with afterwards():
        read_and_apply(connection, change.order.remote_id)
    failpoints.reach("change.home")


@contextmanager
def afterwards() -> Iterator[None]:
    """Around reading what was changed: where the shop refuses to show it, what is done stays done, and is no refusal.

    What could not be read comes with the shop's own message, or with the next pass.
    """
    try:
        yield
    except GiveUp as problem:
        if problem.parked != Delivery.Parked.REFUSED:
            raise
