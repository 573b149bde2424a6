"""What counts as the same person: the customer, an address, a phone number, a mailbox, however they are written.

Written when a claim is filed, so that what the order says later changes nothing of what was alike then.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from orders.models import Order
from protection.models import Claim, Likeness

Kind = Likeness.Kind
# Providers that deliver name+anything to name, as their help pages say; Gmail drops dots as well.
DOTS_DO_NOT_MATTER = frozenset({"gmail.com"})
PLUS_DOES_NOT_MATTER = frozenset(
    "gmail.com outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com fastmail.com proton.me "
    "protonmail.com pm.me zoho.com".split()
)
SAME_DOMAIN = {"googlemail.com": "gmail.com"}
SHORTENED = {
    "street": "st", "strasse": "str", "straße": "str", "avenue": "ave", "road": "rd", "drive": "dr", "lane": "ln",
    "boulevard": "blvd", "court": "ct", "place": "pl", "square": "sq", "north": "n", "south": "s", "east": "e",
    "west": "w",
}  # fmt: skip
PHONE_DIGITS = 9  # the last so many tell a number, with or without its country's or the trunk's prefix
FEWEST_DIGITS = 7


def note(claim: Claim) -> None:
    """Write what a claim that was just filed has in common with others; call it in the filing's transaction."""
    assert claim.submitted_at is not None
    Likeness.objects.bulk_create(
        Likeness(claim=claim, shop=claim.order.shop, kind=kind, digest=digest, filed_at=claim.submitted_at)
        for kind, digest in digests(claim.order).items()
    )


def digests(order: Order) -> dict[str, str]:
    """Kind → digest of what the order says of its customer; what it does not say is left out."""
    address = order.shipping_address or {}
    said = {
        Kind.CUSTOMER.value: str(order.customer_id or ""),
        Kind.ADDRESS.value: same_address(address),
        Kind.PHONE.value: same_phone(order.phone or str(address.get("phone") or "")),
        Kind.EMAIL.value: same_mailbox(order.email),
    }
    return {kind: _digest(text) for kind, text in said.items() if text}


def same_mailbox(email: str) -> str:
    """One text for all ways to write a mailbox; empty for what is none."""
    local, at, domain = email.strip().casefold().rpartition("@")
    domain = SAME_DOMAIN.get(domain, domain)
    if domain in PLUS_DOES_NOT_MATTER:
        local = local.partition("+")[0]
    if domain in DOTS_DO_NOT_MATTER:
        local = local.replace(".", "")
    return f"{local}@{domain}" if at and local and domain else ""


def same_phone(phone: str) -> str:
    """The digits that tell a number; empty where there are too few."""
    digits = re.sub(r"\D", "", phone)
    return digits[-PHONE_DIGITS:] if len(digits) >= FEWEST_DIGITS else ""


def same_address(address: Mapping[str, Any]) -> str:
    """First line, postcode and country in one spelling; empty without a line and a postcode.

    The second line is left out: a flat is written there, or not, so one house is one address.
    """
    words = same_text(str(address.get("address1") or "")).split()
    line = " ".join(SHORTENED.get(word, word) for word in words)
    postcode = same_text(str(address.get("zip") or "")).replace(" ", "")
    country = str(address.get("country_code") or "").upper()
    return f"{line}|{postcode}|{country}" if line and postcode else ""


def same_text(text: str) -> str:
    """Without accents, signs and capitals."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w]+", " ", bare).split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
