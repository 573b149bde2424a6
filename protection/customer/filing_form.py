"""What the form to file a claim asks, and what was answered: from the reason's own rule, nothing more than it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orders.models import LineItem, Order
from orders.snapshot import Address
from protection.customer.order_facts import wishes_of
from protection.customer.pages import Refused
from protection.customer.phrases import say
from protection.eligibility import ItemAsked
from protection.models import Evidence, ReasonRule
from protection.review import paid_for
from protection.rules import rule_for

MOST_WISHES = 3
DECLARATION, POLICE, ADDRESS = "declaration", "police_reference", "corrected_address"
PHOTOS: dict[str, str] = {
    Evidence.Kind.PHOTO: "Photos of the item",
    Evidence.Kind.PACKAGING_PHOTO: "Photos of the packaging",
    Evidence.Kind.LABEL_PHOTO: "A photo of the shipping label",
    Evidence.Kind.DOCUMENT: "A photo of a document",
}
# Field, what it is called, how the browser fills it in, whether a parcel can do without it.
ADDRESS_FIELDS = [
    ("first_name", "First name", "given-name", True),
    ("last_name", "Last name", "family-name", True),
    ("company", "Company", "organization", True),
    ("address1", "Street and number", "address-line1", False),
    ("address2", "Flat, floor", "address-line2", True),
    ("zip", "Postcode", "postal-code", True),
    ("city", "Town", "address-level2", False),
    ("province", "State or province", "address-level1", True),
    ("phone", "Phone", "tel", True),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rule of one reason asks about these items."""

    rule: ReasonRule | None
    questions: list[str]
    photos: list[tuple[str, str, bool]]  # (kind, words, whether the rule needs it)
    wishes: list[tuple[str, str]]
    needs: list[str]

    @property
    def declaration(self) -> bool:
        return DECLARATION in self.needs

    @property
    def police(self) -> bool:
        return POLICE in self.needs

    @property
    def new_address(self) -> bool:
        return ADDRESS in self.needs


@dataclass(frozen=True, slots=True)
class Answered:
    description: str
    happened_on: date | None
    choices: list[dict[str, Any]]
    ship_to: dict[str, str] | None


def asked_about(order: Order, reason: str, items: Sequence[ItemAsked]) -> Asked:
    """What to ask for a claim of this reason on these items, by the rule in force when the order was placed."""
    rule = rule_for(order, reason)
    value = sum((paid_for(one.line, one.quantity).shop.amount for one in items), Decimal(0))
    needs = rule.needs(value) if rule else []
    wanted = [kind for kind in PHOTOS if kind in needs] or [Evidence.Kind.PHOTO.value]
    return Asked(
        rule,
        list(rule.questions) if rule else [],
        [(kind, say(PHOTOS[kind]), kind in needs) for kind in wanted],
        wishes_of(order, rule, [one.line for one in items]),
        needs,
    )


def items_asked(lines: Sequence[LineItem], sent: Mapping[str, str]) -> list[ItemAsked]:
    """The items chosen on the first step, `q-<line>` units of each; raises Refused for what is no number."""
    chosen = []
    for line in lines:
        typed = sent.get(f"q-{line.public_id}", "").strip() or "0"
        if not typed.isascii() or not typed.isdigit() or len(typed) > 6:
            raise Refused(say("Please choose a quantity that was bought."), "items")
        if int(typed):
            chosen.append(ItemAsked(line, int(typed)))
    if not chosen:
        raise Refused(say("Please choose at least one item."), "items")
    return chosen


def read(asked: Asked, order: Order, typed: Mapping[str, str]) -> Answered:
    """The answers, from fields that were cleaned of what cannot be stored; raises Refused with the field at fault."""
    parts = [typed["description"]]
    for number, question in enumerate(asked.questions):
        answer = typed[f"answer-{number}"]
        if not answer:
            raise Refused(say("Please answer this question."), f"answer-{number}")
        parts.append(f"{question}\n{answer}")
    if asked.police and typed["police"]:
        parts.append(f"Police report: {typed['police']}")
    if asked.declaration:
        if not typed["declared"]:
            raise Refused(say("Please write your name to confirm that what you say is true."), "declared")
        parts.append(f"Declared to be true by {typed['declared']}")
    return Answered(
        "\n\n".join(part for part in parts if part), _day(typed["happened_on"]), _choices(asked, typed),
        _ship_to(asked, order, typed),
    )  # fmt: skip


def fields(asked: Asked) -> list[str]:
    """The names of all fields whose text is read."""
    answers = [f"answer-{number}" for number in range(len(asked.questions))]
    wishes = [f"wish-{number}" for number in range(1, MOST_WISHES + 1)]
    address = [f"to-{name}" for name, *_ in ADDRESS_FIELDS]
    return ["description", *answers, "police", "declared", "happened_on", "address", *wishes, *address]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(say("Please write the day as year-month-day, such as 2026-11-30."), "happened_on") from None


def _choices(asked: Asked, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    known, choices = dict(asked.wishes), list[dict[str, Any]]()
    for number in range(1, MOST_WISHES + 1):
        wish = typed[f"wish-{number}"]
        if not wish:
            continue
        if wish not in known:
            words = "This cannot be given for this reason. Please choose another wish."
            raise Refused(say(words), f"wish-{number}")
        remedy, _, variant = wish.partition(":")
        choice = {"remedy": remedy, "variant_id": variant} if variant else {"remedy": remedy}
        if choice in choices:
            raise Refused(say("You chose the same wish twice."), f"wish-{number}")
        choices.append(choice)
    return choices


def _ship_to(asked: Asked, order: Order, typed: Mapping[str, str]) -> dict[str, str] | None:
    """The corrected address; the country stays the order's, for another one has other rules. None: as on the order."""
    if typed["address"] != "other":
        if asked.new_address:
            raise Refused(say("Please write the right address; the parcel cannot be sent again without it."), "address")
        return None
    given = {name: typed[f"to-{name}"][:255] for name, *_ in ADDRESS_FIELDS}
    for name, _, _, dispensable in ADDRESS_FIELDS:
        if not given[name] and not dispensable:
            raise Refused(say("An address needs a street and a town."), f"to-{name}")
    old = order.shipping_address or {}
    country = {"country": str(old.get("country") or ""), "country_code": str(old.get("country_code") or "")}
    code = str(old.get("province_code") or "") if given["province"] == str(old.get("province") or "") else ""
    return Address(**given, **country, province_code=code).as_json()
