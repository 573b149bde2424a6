"""Facts as sentences for staff: what there is to say, where to look at it, and whether it is out of the ordinary.

There is no sum of them. Each stands for itself, and says what it is rather than what it means.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from protection.models import Claim
from protection.risk.facts import MOST_ALIKE, YEAR_DAYS, Alike, Facts

CLAIM, ORDER = "claim", "order"
UNUSUAL_PERCENT = 200  # of what the customer usually orders for
QUIET_DAYS = 7  # without a scan


@dataclass(frozen=True, slots=True)
class Said:
    """One fact in words; `look` is what it is about: claim or order, and its primary key."""

    text: str
    look: tuple[str, int]
    words: str  # of the link
    unusual: bool = False


def in_words(facts: Facts, claim: Claim) -> list[Said]:
    """The facts of a claim, what is out of the ordinary first."""
    said = [*_alike(facts), *_photos(facts), *_parcel(facts, claim), *_worth(facts, claim), *_before(facts, claim)]
    return sorted(said, key=lambda one: not one.unusual)


def _alike(facts: Facts) -> Iterable[Said]:
    approved = f", {facts.customer_approved} of them approved" if facts.customer.claims else ""
    shared = [
        (facts.customer, "of this customer", approved),
        (facts.address, "from this street address", ""),
        (facts.phone, "with this phone number", ""),
        (facts.email, "with this e-mail address", ""),
    ]
    for alike, words, more in shared:
        if alike.newest is not None:
            text = f"{_claims(alike)} {words} in {YEAR_DAYS} days{more}"
            yield Said(text, (CLAIM, alike.newest), "the newest", unusual=alike.claims > 1)


def _claims(alike: Alike) -> str:
    if alike.claims >= MOST_ALIKE:
        return f"{MOST_ALIKE} or more other claims"
    return f"{alike.claims} other claim{'s' if alike.claims != 1 else ''}"


def _photos(facts: Facts) -> Iterable[Said]:
    if facts.twin is not None:
        how = "is the same file as one" if facts.twin.same_file else "looks the same as one"
        text = f"A photo {how} in another claim before"
        yield Said(text, (CLAIM, facts.twin.claim), "that claim", unusual=True)


def _parcel(facts: Facts, claim: Claim) -> Iterable[Said]:
    look = (ORDER, claim.order_id)
    if facts.delivered is not None and facts.delivered_elsewhere:
        address = f"{facts.zip} {facts.city}".strip()
        text = f"Delivered in {facts.delivered.place}; the address is in {address or facts.country}"
        yield Said(text, look, "its parcels", unusual=True)
    if facts.last_scan is not None and facts.days_since_scan is not None:
        days = facts.days_since_scan
        ago = "today" if days == 0 else f"{days} day{'s' if days != 1 else ''} ago"
        place = f", {facts.last_scan.place}" if facts.last_scan.place else ""
        text = f"The last scan was {ago}: {facts.last_scan.status.replace('_', ' ')}{place}"
        yield Said(text, look, "its parcels", unusual=days >= QUIET_DAYS and facts.delivered is None)


def _worth(facts: Facts, claim: Claim) -> Iterable[Said]:
    if facts.usual is not None and facts.percent_of_usual is not None:
        orders = f"{facts.earlier_orders} other order{'s' if facts.earlier_orders != 1 else ''}"
        text = f"Worth {facts.value}; {orders} of this customer were for {facts.usual} on average"
        yield Said(text, (ORDER, claim.order_id), "the order", unusual=facts.percent_of_usual >= UNUSUAL_PERCENT)
    elif facts.customer_id is not None and not facts.earlier_orders:
        yield Said("The first order of this customer that we know", (ORDER, claim.order_id), "the order")


def _before(facts: Facts, claim: Claim) -> Iterable[Said]:
    if facts.replacements and claim.follows_id:
        again = "a replacement" if facts.replacements == 1 else f"the replacement number {facts.replacements}"
        text = f"What is claimed is itself {again} for an earlier claim; to replace it would be a replacement of one"
        yield Said(text, (CLAIM, claim.follows_id), "that claim", unusual=True)
    if facts.dispute is not None:
        kind = facts.dispute.replace("_", " ") or "chargeback"
        text = f"A {kind} of the customer's bank is open on this order"
        yield Said(text, (ORDER, claim.order_id), "the order", unusual=True)
