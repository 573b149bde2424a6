"""Shopify's search language as far as orders need it: ``updated_at:>='2026-11-23T09:50:00Z' tag:replacement``."""

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox import clock
from sandbox.order_documents import number_of

TERM = re.compile(r"""(?P<not>-)?(?P<field>\w+):(?P<op><=|>=|<|>)?(?P<value>'[^']*'|"[^"]*"|\S+)|(?P<word>\S+)""")
MOMENTS = {"updated_at": "updated_at", "created_at": "created_at", "processed_at": "created_at"}
TEXTS = {"source_identifier": "source_identifier", "name": "name", "email": "email"}


@dataclass(slots=True)
class Conditions:
    """The same question in SQL; fields that do not exist are ignored, as Shopify does, and named in ``ignored``."""

    sql: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def add(self, sql: str, value: Any) -> None:
        """One more condition that must hold."""
        self.sql.append(sql)
        self.values.append(value)


@dataclass(frozen=True, slots=True)
class Term:
    """``updated_at:>='2026-11-23'`` taken apart; quotes are gone, no operator is "="."""

    name: str
    operator: str
    value: str


def terms(query: str | None) -> list[Term]:
    """The terms of a query that name a field and are not negated."""
    found = [term for term in TERM.finditer(query or "") if not term["word"] and not term["not"]]
    return [Term(term["field"], term["op"] or "=", term["value"].strip("'\"")) for term in found]


def conditions(query: str | None) -> Conditions:
    """Read a search query; all its terms must hold (OR and brackets are not understood)."""
    found = Conditions()
    for term in TERM.finditer(query or ""):
        if term["word"]:
            if term["word"] != "AND":
                found.add("name LIKE ?", f"%{term['word']}%")
            continue
        if term["not"] or not _add(found, term["field"], term["op"] or "=", term["value"].strip("'\"")):
            found.ignored.append(term["field"])
    return found


def _add(found: Conditions, name: str, operator: str, value: str) -> bool:
    if name in MOMENTS:
        return add_moment(found, MOMENTS[name], operator, value)
    if name in TEXTS:
        found.add(f"{TEXTS[name]} = ?", value)
    elif name == "id":
        found.add(f"id {operator} ?", number_of(value))
    elif name == "tag":
        found.add("tags LIKE ?", f"%,{value.lower()},%")
    elif name == "test":
        found.add("test = ?", value == "true")
    elif name == "status":
        if value != "any":
            found.add("status = ?", value)
    else:
        return False
    return True


def add_moment(found: Conditions, column: str, operator: str, value: str) -> bool:
    """Compare a column of moments; False, and nothing is added, for what is no moment."""
    try:
        moment = clock.kept(value)
    except ValueError:
        return False
    end = f"{moment[:19]}.999999Z"
    # Seconds are compared as wholes, and > lets the same second through, as observed at Shopify.
    if operator in (">", ">=", "="):
        found.add(f"{column} >= ?", moment)
    if operator in ("<=", "="):
        found.add(f"{column} <= ?", end)
    if operator == "<":
        found.add(f"{column} < ?", moment)
    return True
