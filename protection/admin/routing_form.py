"""The editor of a rule's draft: rows of a field, a comparison and a value, typed as people write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Group, User

from backoffice.console.pages import Refused
from protection.models import RoutingVersion
from protection.models.reason_rule import REMEDIES
from protection.routing.actions import GIVES
from protection.routing.conditions import MOST_CONDITIONS, RuleInvalid
from protection.routing.rules import Draft
from protection.routing.vocabulary import FIELDS, OPERATORS, OPERATORS_OF, Kind

SPARE_ROWS = 3
YES, NO = "yes", "no"
HINTS = {
    Kind.NUMBER: "a whole number",
    Kind.MONEY: "an amount in the shop's currency",
    Kind.TEXTS: "values, with commas between them",
    Kind.COUNTRY: "countries by two letters, with commas between them",
    Kind.YES_OR_NO: "yes or no",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as it is typed."""

    number: int
    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A field to choose, and how a value of it is written."""

    name: str
    label: str
    hint: str


CHOICES = [
    Choice(name, asked.label, ", ".join(asked.choices) if asked.choices else HINTS[asked.kind])
    for name, asked in FIELDS.items()
]
COMPARISONS = OPERATORS
REMEDY_CHOICES = [(name, REMEDIES.get(name, "as the customer wishes")) for name in GIVES]


def rows(posted: Mapping[str, str], draft: RoutingVersion | None) -> list[Row]:
    """The rows to show: what was typed, or what the draft says, and some empty ones."""
    found = _typed(posted) if "action" in posted else [_shown(place, one) for place, one in _conditions(draft)]
    spare = range(len(found) + 1, min(MOST_CONDITIONS, len(found) + SPARE_ROWS) + 1)
    return [*found, *(Row(number, "", "", "") for number in spare)]


def _conditions(draft: RoutingVersion | None) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(draft.conditions if draft else [], start=1))


def _shown(number: int, condition: dict[str, Any]) -> Row:
    value = condition["value"]
    text = (YES if value else NO) if isinstance(value, bool) else ", ".join(value) if isinstance(value, list) else value
    return Row(number, condition["field"], condition["operator"], str(text))


def _typed(posted: Mapping[str, str]) -> list[Row]:
    found = [
        Row(number, *(posted.get(f"{name}-{number}", "").strip() for name in ("field", "operator", "value")))
        for number in range(1, MOST_CONDITIONS + 1)
    ]
    return [row for row in found if row.field or row.value]


def draft_typed(posted: Mapping[str, str]) -> Draft:
    """What was typed, as a draft; raises Refused for what is not even a number where one is needed."""
    action = posted.get("action", "")
    return Draft(
        action=action,
        conditions=[_condition(row) for row in _typed(posted)],
        settings=_settings(action, posted),
        priority=_whole(posted.get("priority", ""), "The priority"),
        **{name: posted.get(name, "").strip() or None for name in RoutingVersion.CAPS},
    )


def _condition(row: Row) -> dict[str, Any]:
    """A row as a condition; what makes no sense goes on as it was typed, and is refused with its pointer."""
    asked, value = FIELDS.get(row.field), row.value
    typed: Any = value
    operator = row.operator
    if asked is not None:
        allowed = OPERATORS_OF[asked.kind]
        operator = operator or (allowed[0] if len(allowed) == 1 else "")
        if asked.kind == Kind.YES_OR_NO:
            typed = {YES: True, NO: False}.get(value.casefold(), value)
        elif asked.kind in (Kind.CHOICE, Kind.TEXTS, Kind.COUNTRY):
            typed = [part.strip() for part in value.split(",") if part.strip()]
    return {"field": row.field, "operator": operator, "value": typed}


def _settings(action: str, posted: Mapping[str, str]) -> dict[str, Any]:
    match action:
        case "approve":
            return {"remedy": posted.get("remedy", "")}
        case "ask":
            return {"asked": posted.get("asked", "").splitlines()}
        case "hold":
            days = posted.get("days", "").strip()
            return {"days": _whole(days, "The number of days") if days else None, "lead": "lead" in posted}
        case "assign":
            kind, _, pk = posted.get("assignee", "").partition(":")
            return {kind: int(pk)} if kind in ("user", "group") and pk.isdecimal() and len(pk) < 12 else {}
        case "flag":
            return {"words": posted.get("words", "")}
    return {}


def _whole(text: str, what: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) < 10):
        raise Refused(f"{what} must be a whole number.")
    return int(text)


def moment_typed(posted: Mapping[str, str], name: str) -> datetime | None:
    """A moment in UTC from a field of the form, None where it is empty; raises Refused."""
    text = posted.get(name, "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Refused("Write the moment as a date and a time, such as 2026-12-24T08:00.") from None


def refusal(reason: RuleInvalid, posted: Mapping[str, str]) -> Refused:
    """What is said on the page: with the number of the row that a pointer means, as the rows are counted there."""
    parts = reason.pointer.split("/")
    if len(parts) > 2 and parts[1] == "conditions" and parts[2].isdecimal():
        typed = _typed(posted)
        number = typed[int(parts[2])].number if int(parts[2]) < len(typed) else int(parts[2]) + 1
        return Refused(f"Condition {number}: {reason}")
    return Refused(str(reason))


def people() -> list[tuple[str, str]]:
    """Whom claims can be given to: (value, label)."""
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    groups = [(f"group:{group.pk}", f"whoever of “{group}” has the fewest") for group in Group.objects.order_by("name")]
    return [*groups, *((f"user:{user.pk}", user.get_username()) for user in staff)]
