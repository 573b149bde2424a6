"""Cursor pages: GraphQL's ``nodes``, ``edges`` and ``pageInfo``."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

Document = dict[str, Any]
MOST = 250


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last node's id and the value it was sorted by."""

    id: int
    value: str


def cursor(place: Place) -> str:
    """The place as Shopify writes it: base64 of ``{"last_id", "last_value"}``."""
    return base64.b64encode(json.dumps({"last_id": place.id, "last_value": place.value}).encode()).decode()


def read_cursor(text: str) -> Place:
    """The place a cursor stands for; raises GraphQLError."""
    try:
        kept = json.loads(base64.b64decode(text, validate=True))
        return Place(int(kept["last_id"]), str(kept["last_value"]))
    except (ValueError, KeyError, TypeError):
        raise GraphQLError(f"Invalid cursor for current pagination sort: {text}") from None


def page_size(first: int | None) -> int:
    """Check the argument ``first``; raises GraphQLError as Shopify does."""
    if first is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if not 0 <= first <= MOST:
        raise GraphQLError(f"first must be from 0 to {MOST}", extensions={"code": "BAD_REQUEST"})
    return first


def page(found: list[tuple[Place, Any]], *, has_next: bool, has_previous: bool) -> Document:
    """One page of (place, node) pairs."""
    cursors = [cursor(place) for place, _ in found]
    return {
        "nodes": [node for _, node in found],
        "edges": [{"cursor": text, "node": node} for text, (_, node) in zip(cursors, found, strict=True)],
        "pageInfo": {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def page_of_list(
    every: list[tuple[int, Any]], *, first: int | None, after: str | None = None, reverse: bool = False, **_: Any
) -> Document:
    """A page out of a short list of (id, node) pairs that is in order already."""
    size = page_size(first)
    ordered = every[::-1] if reverse else every
    start = 0
    if after is not None:
        last = read_cursor(after).id
        start = next((index + 1 for index, (number, _node) in enumerate(ordered) if number == last), len(ordered))
    found = [(Place(number, str(number)), node) for number, node in ordered[start : start + size]]
    return page(found, has_next=start + size < len(ordered), has_previous=start > 0)


def later_page(every: list[tuple[int, Any]], fields: Callable[[Any], Document]) -> Callable[..., Document]:
    """A resolver that pages a list of (id, thing) pairs and makes ``fields`` of a thing only when they are read."""

    def resolve(info: Any, first: int | None = None, **asked: Any) -> Document:
        return page_of_list([(number, _Later(fields, one)) for number, one in every], first=first, **asked)

    return resolve


class _Later(dict[str, Any]):
    """A node whose fields are made when the first of them is read: a page may show only ten of five hundred."""

    def __init__(self, fields: Callable[[Any], Document], one: Any) -> None:
        super().__init__()
        self._fields = fields
        self._one = one

    def get(self, key: str, default: Any = None) -> Any:
        if not self:
            self.update(self._fields(self._one))
        return super().get(key, default)
