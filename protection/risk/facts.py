"""What is known of a claim at one moment: plain values, no questions to the database."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orders.money import Money
from protection.risk.likenesses import same_text

YEAR_DAYS = 365
MOST_ALIKE = 100  # of one kind are counted; more are "100 or more"


@dataclass(frozen=True, slots=True)
class Alike:
    """Other claims filed within a year before that have one thing in common with this one."""

    claims: int = 0
    newest: int | None = None  # primary key


@dataclass(frozen=True, slots=True)
class Scan:
    """What the carrier said of a parcel, and where."""

    status: str
    at: datetime
    city: str = ""
    zip: str = ""
    country: str = ""

    @property
    def place(self) -> str:
        return ", ".join(part for part in (f"{self.zip} {self.city}".strip(), self.country) if part)


@dataclass(frozen=True, slots=True)
class Twin:
    """Another claim of the shop, filed before, with a photo of this one: the same file, or one that looks the same."""

    claim: int
    same_file: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """A claim as it could be known at `at`. What is not known is None, or an empty set of carriers."""

    claim: int
    at: datetime
    shop: int
    customer_id: int | None
    reason: str
    value: Money  # what was paid for the claimed units
    items: int
    units: int
    skus: frozenset[str]
    tags: frozenset[str]
    country: str
    city: str
    zip: str
    return_needed: bool
    basis: str | None = None  # covered, statutory, or accepted by staff against the rules
    customer: Alike = Alike()
    customer_approved: int = 0  # of the customer's, as it stood then
    address: Alike = Alike()
    phone: Alike = Alike()
    email: Alike = Alike()
    first_order_at: datetime | None = None
    earlier_orders: int = 0
    usual: Money | None = None  # an order of this customer on average, before this one and in its currency
    photos: int = 0
    twin: Twin | None = None
    carriers: frozenset[str] = frozenset()
    last_scan: Scan | None = None
    delivered: Scan | None = None
    replacements: int = 0  # that came before: 1 where what is claimed was itself sent as a remedy
    dispute: str | None = None  # its kind, while one is open

    @property
    def days_since_scan(self) -> int | None:
        return None if self.last_scan is None else (self.at - self.last_scan.at).days

    @property
    def customer_days(self) -> int | None:
        """Days since the customer's first order that we know."""
        return None if self.first_order_at is None else max(0, (self.at - self.first_order_at).days)

    @property
    def percent_of_usual(self) -> int | None:
        """The claim's value in percent of what the customer usually orders for."""
        if self.usual is None or self.usual.currency != self.value.currency or self.usual.amount <= 0:
            return None
        return int(self.value.amount * Decimal(100) / self.usual.amount)

    @property
    def delivered_elsewhere(self) -> bool | None:
        """Whether the delivery scan names another place than the address; None where it cannot be compared.

        A depot delivers for a whole town, so the same town or the same postcode is the same place.
        """
        scan = self.delivered
        if scan is None:
            return None
        if len(scan.country) == 2 and self.country and scan.country.upper() != self.country:
            return True
        pairs = [(scan.zip, self.zip), (scan.city, self.city)]
        same = [same_text(one) == same_text(other) for one, other in pairs if one and other]
        return not any(same) if same else None
