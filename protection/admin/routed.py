"""What routing rules did with a claim, for its page: read with the claim itself, in the same query."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from protection.models import Routing
from protection.routing.caps import WHY_LEFT

DID = {
    "approve": "approved it",
    "ask": "asked the customer",
    "hold": "holds it",
    "assign": "gave it to somebody",
    "flag": "says:",
}


@dataclass(frozen=True, slots=True)
class Routed:
    """A rule that fitted the claim; `words` are those of a flag."""

    rule: str
    version: int
    said: str
    words: str


def routings() -> ArraySubquery:
    """The matches of each claim of a query, dry runs left out: what they would do is nobody's hint."""
    rows = Routing.objects.filter(claim=OuterRef("pk"), version__dry_run=False).order_by("id")
    facts = JSONObject(rule="rule__name", version="version__number", action="action", result="result", why="why",
                       settings="version__settings")  # fmt: skip
    return ArraySubquery(rows.values(facts=facts))


def routed(rows: list[dict[str, Any]]) -> list[Routed]:
    """The matches in words."""
    return [Routed(row["rule"], row["version"], _said(row), row["settings"].get("words", "")) for row in rows]


def _said(row: dict[str, Any]) -> str:
    if row["result"] == Routing.Result.LEFT:
        return f"fits and leaves it to you: {WHY_LEFT.get(row['why'], row['why'])}"
    return DID[row["action"]]
