"""What ``orderUpdate`` says against an address or a phone number; the words as recorded where they were."""

import re
from typing import Any

from sandbox.places import COUNTRIES

Document = dict[str, Any]

STATES = {
    "US": (
        "state",
        "AL AK AS AZ AR CA CO CT DE DC FM FL GA GU HI ID IL IN IA KS KY LA ME MH MD MA MI MN MS MO MT NE NV NH NJ NM"
        " NY NC ND MP OH OK OR PW PA PR RI SC SD TN TX UT VT VI VA WA WV WI WY AA AE AP",
    ),
    "CA": ("province", "AB BC MB NB NL NS NT NU ON PE QC SK YT"),
    "AU": ("state", "ACT NSW NT QLD SA TAS VIC WA"),
}
CODE_NAMES = {"US": "ZIP code", "GB": "postcode", "AU": "postcode"}
WITHOUT_CODES = ("AE", "HK", "IE", "PA", "QA")
PHONE = re.compile(r"\+?[\d\s().-]{6,24}")


def address_problems(given: Document) -> list[Document]:
    """The errors of a ``MailingAddressInput``, in the order in which Shopify lists them."""
    problems = []
    country = given.get("countryCode") or ""
    for name, words in (("lastName", "Enter a last name"), ("address1", "Enter an address"), ("city", "Enter a city")):
        if not (given.get(name) or "").strip():
            problems.append(_problem(name, words))
    if not country:
        problems.append(_problem("country", "Enter a country/region"))
    if not (given.get("zip") or "").strip() and country not in WITHOUT_CODES:
        code = CODE_NAMES.get(country, "postal code")
        problems.append(_problem("zip", f"Enter a {code}"))
    kind, known = STATES.get(country, ("", ""))
    if known and given.get("provinceCode") not in known.split():
        name = COUNTRIES.get(country, country)
        problems.append(_problem("province", f"{kind.title()} is not a valid {kind} in {name}"))
    return problems


def phone_is_valid(phone: str | None) -> bool:
    """Whether this may be a telephone number; none at all is fine."""
    return not phone or PHONE.fullmatch(phone) is not None


def _problem(name: str, message: str) -> Document:
    return {"field": ["shippingAddress", name], "message": message}
