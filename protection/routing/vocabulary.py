"""What a rule may ask of a claim: the fields, how each is compared, and what a value must look like."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from protection.models import Claim
from protection.risk.facts import YEAR_DAYS, Facts

AT_LEAST, AT_MOST, ONE_OF, NONE_OF, IS = "at_least", "at_most", "one_of", "none_of", "is"
OPERATORS = {
    AT_LEAST: "is at least",
    AT_MOST: "is at most",
    ONE_OF: "is one of",
    NONE_OF: "is none of",
    IS: "is",
}


class Kind(StrEnum):
    """What a value is, which says how it may be compared."""

    NUMBER = "number"
    MONEY = "money"
    CHOICE = "choice"
    TEXTS = "texts"
    COUNTRY = "country"
    YES_OR_NO = "yes_or_no"


OPERATORS_OF: dict[Kind, tuple[str, ...]] = {
    Kind.NUMBER: (AT_LEAST, AT_MOST),
    Kind.MONEY: (AT_LEAST, AT_MOST),
    Kind.CHOICE: (ONE_OF, NONE_OF),
    Kind.TEXTS: (ONE_OF, NONE_OF),
    Kind.COUNTRY: (ONE_OF, NONE_OF),
    Kind.YES_OR_NO: (IS,),
}
BASES = {
    "covered": "covered by the guarantee",
    "statutory": "covered by law",
    "accepted": "accepted by staff against the rules",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask: `label` begins a sentence, `read` takes it from the facts (None: not known).

    `part` of the facts must be read for it; `yes` and `no` are whole clauses of what is either so or not.
    """

    label: str
    kind: Kind
    read: Callable[[Facts], Any]
    part: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    yes: str = ""
    no: str = ""


def _known(values: Collection[str]) -> Collection[str] | None:
    return values or None


_IN_A_YEAR = f"in {YEAR_DAYS} days"
FIELDS: dict[str, Field] = {
    "reason": Field("the reason", Kind.CHOICE, lambda f: {f.reason}, choices=dict(Claim.Reason.choices)),
    "value": Field("the claim's value", Kind.MONEY, lambda f: f.value.amount),
    "items": Field("the number of items", Kind.NUMBER, lambda f: f.items),
    "units": Field("the number of units", Kind.NUMBER, lambda f: f.units),
    "sku": Field("an item's SKU", Kind.TEXTS, lambda f: f.skus),
    "tag": Field("a tag of the order", Kind.TEXTS, lambda f: f.tags),
    "carrier": Field("the carrier", Kind.TEXTS, lambda f: _known(f.carriers), "parcels"),
    "country": Field("the destination", Kind.COUNTRY, lambda f: _known({f.country} - {""})),
    "customer_claims": Field(
        f"the number of other claims of this customer {_IN_A_YEAR}", Kind.NUMBER,
        lambda f: f.customer.claims if f.customer_id else None, "alike",
    ),
    "customer_approved": Field(
        f"the number of approved other claims of this customer {_IN_A_YEAR}", Kind.NUMBER,
        lambda f: f.customer_approved if f.customer_id else None, "alike",
    ),
    "address_claims": Field(
        f"the number of other claims from this address {_IN_A_YEAR}", Kind.NUMBER, lambda f: f.address.claims, "alike"
    ),
    "phone_claims": Field(
        f"the number of other claims with this phone number {_IN_A_YEAR}", Kind.NUMBER, lambda f: f.phone.claims,
        "alike",
    ),
    "email_claims": Field(
        f"the number of other claims with this e-mail {_IN_A_YEAR}", Kind.NUMBER, lambda f: f.email.claims, "alike"
    ),
    "customer_days": Field(
        "the number of days since the customer's first order", Kind.NUMBER, lambda f: f.customer_days, "history"
    ),
    "percent_of_usual": Field(
        "the value in percent of what the customer usually orders for", Kind.NUMBER, lambda f: f.percent_of_usual,
        "history",
    ),
    "days_since_scan": Field(
        "the number of days since the last scan", Kind.NUMBER, lambda f: f.days_since_scan, "parcels"
    ),
    "photo": Field(
        "a photo", Kind.YES_OR_NO, lambda f: f.photos > 0, "photos",
        yes="there is a photo", no="there is no photo",
    ),
    "photo_used_before": Field(
        "a photo was used before", Kind.YES_OR_NO, lambda f: f.twin is not None, "twin",
        yes="a photo was used in another claim before", no="no photo was used in another claim before",
    ),
    "delivered_elsewhere": Field(
        "delivered elsewhere", Kind.YES_OR_NO, lambda f: f.delivered_elsewhere, "parcels",
        yes="the delivery scan names another place than the address",
        no="the delivery scan names the place of the address",
    ),
    "replacement": Field(
        "a claim on a replacement", Kind.YES_OR_NO, lambda f: f.replacements > 0, "replacements",
        yes="what is claimed was itself a replacement", no="what is claimed was no replacement",
    ),
    "dispute_open": Field(
        "an open chargeback", Kind.YES_OR_NO, lambda f: f.dispute is not None, "dispute",
        yes="a chargeback or inquiry is open", no="no chargeback or inquiry is open",
    ),
    "basis": Field(
        "the order", Kind.CHOICE, lambda f: None if f.basis is None else {f.basis}, "basis", choices=BASES
    ),
}  # fmt: skip
