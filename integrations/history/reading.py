"""A bulk file, line by line: which lines are orders, which are their children, and which children came far from them.

Shopify writes one object a line. A child names its parent in `__parentId` and may stand anywhere in the file (since API
2026-01 they are not grouped unless asked for); a child may have children of its own. So a file is gone through twice:
`far_children` finds what does not stand right behind its order, `orders` gives each order with what does. Only the
bytes are looked at where that will do. Memory holds one order at a time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from integrations.shopify.values import clean

BUFFER = 1 << 18
# A quotation mark inside a text is always escaped, so these bytes are a key and nothing else.
_PARENT = b'"__parentId":"'
_ID = b'"id":"'


class Cut(Exception):
    """The file ends in the middle of a line: it was not read to its end, or Shopify gave up while writing it."""


@dataclass(slots=True)
class Survey:
    """What a file holds: its orders, and how many children do not stand behind theirs."""

    orders: int = 0
    far: int = 0


@dataclass(slots=True)
class Whole:
    """An order's own line, the children that stand right behind it, and where in the file the next line begins.

    Keys are gids as they stand in the file, with slashes escaped or not: the same all over a file.
    """

    key: bytes
    line: bytes
    children: list[bytes] = field(default_factory=list)
    end: int = 0

    @property
    def size(self) -> int:
        """Bytes of its lines."""
        return len(self.line) + sum(map(len, self.children))


def orders(path: Path, start: int = 0, *, is_partial: bool = False) -> Iterator[Whole]:
    """Every order from the byte `start` on, a line's beginning. Children that stand elsewhere are passed over.

    The last order of a partial file is left out, for its children may be missing. Raises Cut for any other file that
    ends in the middle of a line.
    """
    whole: Whole | None = None
    known: set[bytes] = set()
    for line, end in _lines(path, start, is_partial):
        parent = parent_of(line)
        if parent is None:
            if whole is not None:
                yield whole
            whole = Whole(id_of(line), line, end=end)
            known = {whole.key}
        elif whole is not None:
            if parent in known:
                whole.children.append(line)
                known.add(id_of(line))
            whole.end = end
    if whole is not None and not is_partial:
        yield whole


def far_children(path: Path, survey: Survey, *, is_partial: bool = False) -> Iterator[tuple[bytes, int, bytes]]:
    """(key of the parent, byte at which it ends, line) of every child that does not stand behind its order.

    Counts orders and far children in `survey` on its way.
    """
    known: set[bytes] = set()
    for line, end in _lines(path, 0, is_partial):
        parent = parent_of(line)
        if parent is None:
            survey.orders += 1
            known = {id_of(line)}
        elif parent in known:
            known.add(id_of(line))
        else:
            survey.far += 1
            yield parent, end, line


def parse(line: bytes) -> dict[str, Any]:
    """The object of a line, with text that PostgreSQL can hold; raises ValueError for anything else."""
    try:
        node = orjson.loads(line)
    except orjson.JSONDecodeError:
        node = orjson.loads(_without_lone_surrogates(line))
    if not isinstance(node, dict):
        raise ValueError("a line holds no object")
    return _scrubbed(node) if b"\\u0000" in line else node


def parent_of(line: bytes) -> bytes | None:
    """The parent's key; None for an order."""
    at = line.rfind(_PARENT)
    if at < 0:
        return None
    at += len(_PARENT)
    return line[at : line.index(b'"', at)]


def id_of(line: bytes) -> bytes:
    """The object's own key; b"" for an object without an id."""
    at = line.find(_ID)
    if at < 0:
        return b""
    at += len(_ID)
    return line[at : line.index(b'"', at)]


def number_of(key: bytes) -> int:
    """1 for the key of gid://shopify/Order/1; 0 for none."""
    number = key.rpartition(b"/")[2]
    return int(number) if number.isdigit() else 0


def named(key: bytes) -> bytes:
    """b"Order/1" for the key of gid://shopify/Order/1: the same from file to file."""
    return b"/".join(key.replace(b"\\/", b"/").split(b"?", 1)[0].rsplit(b"/", 2)[-2:])


def _lines(path: Path, start: int, is_partial: bool) -> Iterator[tuple[bytes, int]]:
    """Each line that holds something, and where it ends. One that is cut ends a partial file; else it raises Cut."""
    with path.open("rb", BUFFER) as file:
        file.seek(start)
        end = start
        for line in file:
            end += len(line)
            if not line.endswith(b"\n") and not _is_whole(line):
                if is_partial:
                    return
                raise Cut(f"The file ends in the middle of a line, at byte {end}.")
            if not line.isspace():
                yield line, end


def _is_whole(line: bytes) -> bool:
    try:
        parse(line)
    except ValueError:
        return False
    return True


def _without_lone_surrogates(line: bytes) -> bytes:
    r"""Half a surrogate pair is no character: \ud83d alone becomes U+FFFD."""
    return clean(json.dumps(json.loads(line), ensure_ascii=False)).encode()


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_scrubbed(inner) for inner in value]
    return value
