"""What every part needs: comparing a row with what came, and the facts that follow for the journal."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from orders.snapshot import Amounts


@dataclass(frozen=True, slots=True)
class Event:
    """A fact for the journal. `subject` is the public id of the part it is about, empty for the order itself."""

    action: str
    facts: dict[str, Any] = field(default_factory=dict)
    subject: str = ""


def assign(row: Model, values: dict[str, Any]) -> list[str]:
    """Set `values` on `row`; returns the names of those that differed."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def amounts_json(amounts: Amounts) -> dict[str, Any]:
    return {name: bag.as_json() for name, bag in amounts.items()}
