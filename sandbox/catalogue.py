"""What the demo shop sells, to whom, and what lies on its shelves."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox import shelves
from sandbox.store import Writing

PLENTY = 1_000_000
# What the second location has of everything that is not scarce.
IN_THE_DEPOT = 50


class OutOfStock(Exception):
    """A variant has fewer units on the shelf than were asked for."""

    def __init__(self, variant: "Variant", position: int) -> None:
        super().__init__(f"{variant.title} ({variant.sku}) is out of stock")
        self.position = position


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought. ``price`` and ``cost`` are in US dollars, ``grams`` the shipping weight."""

    id: int
    product_id: int
    sku: str
    title: str
    option: str | None
    price: Decimal
    grams: int
    stock: int = PLENTY
    ships: bool = True
    taxable: bool = True
    cost: Decimal | None = None  # what one costs to buy, as far as somebody wrote it down

    @property
    def handle(self) -> str:
        """The product's name in addresses."""
        return self.title.lower().replace(" ", "-")


VENDOR = "Fernweg Outdoor"

# The jacket's ids do not fit a double; the blanket is sold out; of the spoon set three are left.
VARIANTS = (
    Variant(2**53 + 1_001, 2**53 + 1, "FW-JACKET-M", "Alpine Rain Jacket", "Forest / M", Decimal("129.00"), 540),
    Variant(
        45_100_000_000_002, 8_100_000_000_002, "FW-MERINO-L", "Merino Base Layer", "Navy / L", Decimal("74.50"), 210
    ),
    Variant(
        45_100_000_000_003,
        8_100_000_000_003,
        "FW-MUG",
        "Enamel Camp Mug",
        None,
        Decimal("16.00"),
        180,
        cost=Decimal("5.20"),
    ),
    Variant(45_100_000_000_004, 8_100_000_000_004, "FW-SHOE-42", "Trail Running Shoes", "42", Decimal("139.95"), 760),
    Variant(45_100_000_000_005, 8_100_000_000_005, "FW-BOTTLE", "Insulated Bottle", "750 ml", Decimal("34.00"), 390),
    Variant(45_100_000_000_006, 8_100_000_000_006, "FW-LAMP", "Headlamp 400 lm", None, Decimal("49.90"), 95),
    Variant(
        45_100_000_000_007, 8_100_000_000_007, "FW-BLANKET", "Wool Blanket", "Ochre", Decimal("89.00"), 1_450, stock=0
    ),
    Variant(
        45_100_000_000_008, 8_100_000_000_008, "FW-SPOON", "Titanium Spoon Set", None, Decimal("21.00"), 60, stock=3
    ),
)

# The fee for the merchant's own delivery guarantee is a product like any other, with a price that depends on the cart.
PROTECTION = Variant(
    45_100_000_000_900,
    8_100_000_000_900,
    "PROTECT",
    "Delivery guarantee",
    None,
    Decimal(0),
    0,
    ships=False,
    taxable=False,
)
# A promise of money rather than a thing: nothing to ship, nothing on a shelf.
GIFT_CARD = Variant(
    45_100_000_000_901,
    8_100_000_000_901,
    "GIFT-CARD",
    "Gift card",
    "$25",
    Decimal(25),
    0,
    ships=False,
    taxable=False,
)
FEE_SHARE = Decimal("0.025")
LEAST_FEE = Decimal("0.98")

# What a cart holds when nobody says: (sku, quantity), taken in turn.
USUAL_CARTS = (
    (("FW-JACKET-M", 1), ("FW-MUG", 2)),
    (("FW-SHOE-42", 1),),
    (("FW-BOTTLE", 2), ("FW-LAMP", 1)),
    (("FW-MERINO-L", 2), ("FW-MUG", 4), ("FW-BOTTLE", 1)),
    (("FW-MUG", 1),),
)

SALES_TAX = {"CA": ("California State Tax", Decimal("0.0725")), "NY": ("New York State Tax", Decimal("0.04"))}


def _person(first: str, last: str, email: str, **address: str) -> dict[str, Any]:
    place = {"company": None, "address2": None, "province": None, "province_code": None, "zip": None}
    home = {"first_name": first, "last_name": last, **place, "latitude": None, "longitude": None, **address}
    return {"first_name": first, "last_name": last, "email": email, "phone": address.get("phone"), "address": home}


# Names that break layouts, sorting and guesses about what a name looks like.
PEOPLE = (
    _person(
        "Zoë",
        "Brontë-O’Neill",
        "zoe@example.com",
        address1="12 Lantern Street",
        city="San Francisco",
        province="California",
        province_code="CA",
        country="United States",
        country_code="US",
        zip="94107",
        phone="+14155550101",
    ),
    _person(
        "娜",
        "李",
        "li.na@example.com",
        address1="88 Harbour Road",
        city="Hong Kong",
        country="Hong Kong SAR",
        country_code="HK",
        phone="+85255550102",
    ),
    _person(
        "نور",
        "الهاشمي",
        "noor@example.com",
        address1="٧ شارع النخيل",
        city="Dubai",
        province="Dubai",
        province_code="DU",
        country="United Arab Emirates",
        country_code="AE",
        phone="+971505550103",
    ),
    _person(
        "Maximiliane-Theodora Friederike",
        "von Hohenstein-Wolfeschlegelsteinhausenbergerdorff zu Unterlangenbach",
        "maximiliane.von.hohenstein@example.com",
        address1="Donaudampfschifffahrtsgesellschaftsplatz 114",
        address2="Hinterhaus, 3. Stock links",
        city="Regensburg",
        country="Germany",
        country_code="DE",
        zip="93047",
        phone="+4994155550104",
    ),
    _person(
        "Sam",
        "",
        "sam@example.com",
        address1="5 Canal Walk",
        city="Brooklyn",
        province="New York",
        province_code="NY",
        country="United States",
        country_code="US",
        zip="11201",
        phone="+17185550105",
    ),
    _person(
        "Miyu",
        "佐藤",
        "miyu@example.com",
        address1="神南1-2-3",
        city="渋谷区",
        province="Tokyo",
        province_code="JP-13",
        country="Japan",
        country_code="JP",
        zip="150-0041",
        phone="+81355550106",
    ),
)


def by_sku(sku: str) -> Variant | None:
    """The variant with this SKU, the guarantee's and the gift card's included."""
    return next((variant for variant in (*VARIANTS, PROTECTION, GIFT_CARD) if variant.sku == sku), None)


def named(sku: str) -> Variant:
    """The variant of a SKU that must be there."""
    return next(variant for variant in VARIANTS if variant.sku == sku)


def by_id(variant_id: int) -> Variant | None:
    """The variant with this id, the guarantee's and the gift card's included."""
    return next((variant for variant in (*VARIANTS, PROTECTION, GIFT_CARD) if variant.id == variant_id), None)


def on_shelf(connection: sqlite3.Connection, shop: str, variant: Variant) -> int | None:
    """Units available at all locations; None for what is not counted."""
    return shelves.sellable(connection, shop, variant.id)


def take(
    writing: Writing, shop: str, wanted: list[tuple[Variant, int]], *, obeying_policy: bool = True
) -> list[shelves.Taken]:
    """Take units off the shelves, all or none; raises OutOfStock naming the first position that cannot be served.

    Returns the units by location for each position; hand them to ``new_line(taken=…)``, for orders are routed by them.
    """
    numbers = [(variant.id, quantity) for variant, quantity in wanted]
    try:
        return shelves.take(writing, shop, numbers, even_if_short=not obeying_policy)
    except shelves.Short as problem:
        raise OutOfStock(wanted[problem.position][0], problem.position) from None


def put_back(
    writing: Writing, shop: str, variant_id: int | None, quantity: int, location_id: int | None = None
) -> None:
    """Return units to the shelf they came from, by default to the first; what is not counted is ignored."""
    if variant_id is not None:
        shelves.put_back(writing, shop, variant_id, quantity, location_id)
