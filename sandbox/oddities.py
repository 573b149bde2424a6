"""What makes an order unusual: tips, duties, fees, cash, gift cards, bundles, deleted products, hundreds of lines."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import cycle, islice
from typing import Any

from sandbox import catalogue, locations
from sandbox.catalogue import Variant
from sandbox.money import Bag, rounded
from sandbox.order_documents import add_transaction, new_line
from sandbox.store import Writing
from sandbox.totals import totals

Document = dict[str, Any]

DUTY_SHARE = Decimal("0.1")
DUTY_CODE, DUTY_ORIGIN = "6403.91", "DE"
FEE_NAME = "Retail delivery fee"
CASH = "cash"
POS = "pos"
# A set that is sold as one thing and packed as its parts: (sku of a part, units).
SET = {"title": "Camp Set", "sku": "FW-SET", "product_id": 8_100_000_000_902, "variant_id": 45_100_000_000_902}
SET_PARTS = (("FW-BOTTLE", 1), ("FW-MUG", 2))


@dataclass(frozen=True, slots=True)
class Oddities:
    """All off by default. Amounts are in the shop's currency; ``rounding`` is the smallest coin there is (``1``)."""

    tip: Decimal | None = None
    fee: Decimal | None = None
    duties: bool = False
    rounding: Decimal | None = None
    gift_card: bool = False
    bundle: bool = False
    deleted_product: bool = False
    line_count: int = 0
    name: str | None = None
    source_name: str | None = None
    paid: bool = True

    @property
    def over_the_counter(self) -> bool:
        """Sold in a shop of stone: nobody's name, nobody's address, taken home at once."""
        return self.source_name == POS


USUAL = Oddities()


def bought_besides(odd: Oddities, bought: list[tuple[Variant, int]]) -> list[tuple[Variant, int]]:
    """What is in the cart because of the oddities, after what is in it already."""
    besides = [(catalogue.named(sku), quantity) for sku, quantity in (SET_PARTS if odd.bundle else ())]
    if odd.gift_card:
        besides.append((catalogue.GIFT_CARD, 1))
    plenty = [variant for variant in catalogue.VARIANTS if variant.stock == catalogue.PLENTY]
    missing = max(0, odd.line_count - len(bought) - len(besides))
    return besides + [(variant, 1) for variant in islice(cycle(plenty), missing)]


def give_identity(writing: Writing, shop: str, odd: Oddities) -> Document:
    """What ``new_order`` is given because of the oddities."""
    place = locations.active(writing.connection, shop) if odd.over_the_counter else []
    return {"name": odd.name, "source_name": odd.source_name, "location_id": place[0]["id"] if place else None}


def dress(writing: Writing, order: Document, odd: Oddities, besides_from: int) -> None:
    """Change the order's lines and add what is no line; ``besides_from`` is where the cart's own lines end."""
    if odd.bundle:
        group = {"id": writing.new_id(), "quantity": 1, **SET}
        for line in order["lines"][besides_from : besides_from + len(SET_PARTS)]:
            line["group"] = group
    if odd.duties:
        for line in order["lines"]:
            if line["requires_shipping"]:
                line["duty"] = _duty(writing, line, order)
    if odd.deleted_product:
        # The product was deleted after it was bought: its ids are gone, its name and SKU stay.
        order["lines"][0].update(product_id=None, variant_id=None)
    if odd.fee:
        order["fees"] = [{"id": writing.new_id(), "name": FEE_NAME, "price": _bag(odd.fee, order).kept()}]
    if odd.tip:
        line = new_line(
            writing,
            variant=None,
            quantity=1,
            price=_bag(odd.tip, order),
            requires_shipping=False,
            title="Tip",
            taxable=False,
        )
        line["tip"] = {"payment_gateway": CASH if odd.rounding else "bogus", "payment_method": "tip"}
        order["lines"].append(line)


def pay_in_cash(writing: Writing, order: Document, coin: Decimal) -> None:
    """Pay what is outstanding; where the coins are coarser than the amount, the difference is the rounding."""
    owed = totals(order).outstanding
    sides = (owed.shop, owed.presentment)
    paid = [(side / coin).quantize(Decimal(1), rounding=ROUND_HALF_UP) * coin for side in sides]
    transaction = add_transaction(writing, order, kind="sale", amount=owed, gateway=CASH)
    transaction["rounding"] = Bag(
        rounded(paid[0] - owed.shop, order["currency"]),
        rounded(paid[1] - owed.presentment, order["presentment_currency"]),
    ).kept()


def _duty(writing: Writing, line: Document, order: Document) -> Document:
    whole = Bag.of(line["price"]) * line["quantity"]
    price = Bag(
        rounded(whole.shop * DUTY_SHARE, order["currency"]),
        rounded(whole.presentment * DUTY_SHARE, order["presentment_currency"]),
    )
    return {"id": writing.new_id(), "code": DUTY_CODE, "origin": DUTY_ORIGIN, "price": price.kept()}


def _bag(amount: Decimal, order: Document) -> Bag:
    bag = Bag.converted(amount, order["currency"], order)
    assert bag is not None
    return bag
