"""Conditions of a rule: [{"field", "operator", "value"}], checked when they are written, asked of a claim's facts."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from protection.risk.facts import Facts
from protection.routing.vocabulary import AT_LEAST, FIELDS, IS, NONE_OF, ONE_OF, OPERATORS, OPERATORS_OF, Field, Kind

MOST_CONDITIONS = 20
MOST_VALUES = 200
LARGEST = Decimal(1_000_000_000)
MOST_DECIMALS = 4


class RuleInvalid(Exception):
    """A rule cannot be kept or published. `pointer` names what is wrong, `code` is stable, the message helps."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


def checked(conditions: Any) -> list[dict[str, Any]]:
    """The conditions as they are stored, each value in one spelling; raises RuleInvalid for the first that is wrong."""
    if not isinstance(conditions, list):
        raise RuleInvalid("invalid_conditions", "Give a list of conditions.", "/conditions")
    if len(conditions) > MOST_CONDITIONS:
        raise RuleInvalid("too_many", f"A rule has at most {MOST_CONDITIONS} conditions.", "/conditions")
    return [_checked(condition, f"/conditions/{place}") for place, condition in enumerate(conditions)]


def _checked(condition: Any, pointer: str) -> dict[str, Any]:
    if not isinstance(condition, dict) or set(condition) != {"field", "operator", "value"}:
        raise RuleInvalid("invalid_condition", "A condition has a field, an operator and a value.", pointer)
    name, operator = condition["field"], condition["operator"]
    asked = FIELDS.get(name) if isinstance(name, str) else None
    if asked is None:
        raise RuleInvalid("unknown_field", f"field must be one of {', '.join(FIELDS)}.", f"{pointer}/field")
    if operator not in OPERATORS_OF[asked.kind]:
        allowed = ", ".join(OPERATORS_OF[asked.kind])
        raise RuleInvalid("unknown_operator", f"{name} is compared by {allowed}.", f"{pointer}/operator")
    try:
        value = _value(asked, condition["value"])
    except ValueError as error:
        raise RuleInvalid("invalid_value", f"{name}: {error}", f"{pointer}/value") from None
    return {"field": name, "operator": operator, "value": value}


def _value(asked: Field, value: Any) -> Any:
    """The value as it is stored: a whole number, an amount as text, a list of texts, or true and false."""
    if asked.kind == Kind.YES_OR_NO:
        if not isinstance(value, bool):
            raise ValueError("say true or false.")
        return value
    if asked.kind in (Kind.NUMBER, Kind.MONEY):
        number = _number(value)
        if asked.kind == Kind.MONEY:
            if int(number.as_tuple().exponent) < -MOST_DECIMALS:
                raise ValueError(f"give an amount with at most {MOST_DECIMALS} decimals.")
            return f"{number:f}"
        if number != int(number):
            raise ValueError("give a whole number.")
        return int(number)
    return _texts(asked, value)


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value)) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not 0 <= number <= LARGEST:
        raise ValueError(f"give a number from 0 to {LARGEST:,}.")
    return number


def _texts(asked: Field, values: Any) -> list[str]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_VALUES:
        raise ValueError(f"give a list of 1 to {MOST_VALUES} values.")
    texts = [value.strip() if isinstance(value, str) else "" for value in values]
    if not all(0 < len(text) <= 255 and "\x00" not in text for text in texts):
        raise ValueError("each value is a text of 1 to 255 characters.")
    if asked.choices and (unknown := [text for text in texts if text not in asked.choices]):
        raise ValueError(f"{unknown[0]} is not one of {', '.join(asked.choices)}.")
    if asked.kind == Kind.COUNTRY:
        texts = [text.upper() for text in texts]
        if wrong := [text for text in texts if len(text) != 2 or not text.isascii() or not text.isalpha()]:
            raise ValueError(f"{wrong[0]} is no country of two letters, such as DE.")
    return list(dict.fromkeys(texts))


def all_hold(conditions: Iterable[dict[str, Any]], facts: Facts) -> bool:
    """Whether every one of these (checked) conditions holds."""
    return all(holds(condition, facts) for condition in conditions)


def holds(condition: dict[str, Any], facts: Facts) -> bool:
    """Whether a condition holds. One on something that is not known does not, whichever way it asks."""
    asked, operator, value = FIELDS[condition["field"]], condition["operator"], condition["value"]
    found = asked.read(facts)
    if found is None:
        return False
    if operator == IS:
        return bool(found) == value
    if operator in (ONE_OF, NONE_OF):
        named = {text.casefold() for text in value}
        return any(text.casefold() in named for text in found) == (operator == ONE_OF)
    return found >= Decimal(value) if operator == AT_LEAST else found <= Decimal(value)


def parts_of(conditions: Iterable[dict[str, Any]]) -> set[str]:
    """The parts of the facts (`protection.risk.parts`) that these conditions ask for."""
    return {FIELDS[condition["field"]].part for condition in conditions} - {""}


def in_words(conditions: Sequence[dict[str, Any]]) -> str:
    """Such as "the reason is damaged and the claim's value is at most 50"; empty without conditions."""
    return " and ".join(map(_clause, conditions))


def _clause(condition: dict[str, Any]) -> str:
    asked, operator, value = FIELDS[condition["field"]], condition["operator"], condition["value"]
    if operator == IS:
        return asked.yes if value else asked.no
    if operator in (ONE_OF, NONE_OF):
        words = [asked.choices.get(text, text) for text in value]
        words = [word[0].lower() + word[1:] for word in words] if asked.choices else words
        last = "or" if operator == ONE_OF else "and not"
        listed = f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
        return f"{asked.label} is {'' if operator == ONE_OF else 'not '}{listed}"
    return f"{asked.label} {OPERATORS[operator]} {value}"
