"""The price of protection for a cart. Nothing here reads or writes the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from orders.money import Money, decimal_of, rounded
from protection.models import PlanVersion


class NotQuotable(Exception):
    """This cart cannot be priced. `code` is stable for programs, `pointer` names the field, the message says why."""

    def __init__(self, code: str, message: str, pointer: str = "/subtotal") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a cart. `price` is of one unit before discounts; `discount` and `tax` are of the whole line."""

    quantity: int
    price: Decimal
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    sku: str = ""
    variant_id: int | None = None
    product_id: int | None = None
    requires_shipping: bool = True
    gift_card: bool = False
    tags: frozenset[str] = frozenset()

    @property
    def paid(self) -> Decimal:
        """What the shopper pays for it, as prices are shown."""
        return self.price * self.quantity - self.discount


@dataclass(frozen=True, slots=True)
class Excluded:
    """A line that pays no fee and is not covered: its place in the cart (from 0), a stable code, a sentence."""

    line: int
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The fee, what it is of, and what was left out."""

    fee: Money
    covered: Money
    excluded: list[Excluded]


def quote(version: PlanVersion, lines: Sequence[CartLine], currency: str, *, taxes_included: bool = False) -> Quote:
    """Price a cart by its lines; `taxes_included` says that prices hold the tax.

    Raises NotQuotable for another currency than the plan's, for a cart with nothing to protect, one below the first
    tier, and one above the largest that is covered.
    """
    excluded = []
    base = Decimal(0)
    for index, line in enumerate(lines):
        if refusal := why_excluded(version, line):
            excluded.append(Excluded(index, *refusal))
        else:
            base += _base(version, line, taxes_included=taxes_included)
    covered = Money(base, currency)
    try:
        return Quote(fee_for(version, covered), covered, excluded)
    except NotQuotable as refusal:
        refusal.pointer = "/lines" if refusal.pointer == "/subtotal" else refusal.pointer
        raise


def why_excluded(version: PlanVersion, line: CartLine) -> tuple[str, str] | None:
    """(code, sentence) when the plan leaves this line out, None when it is covered."""
    name = line.sku or "This line"
    if version.is_fee(line):
        return "fee_line", f"{name} is the fee itself."
    if version.excludes_gift_cards and line.gift_card:
        return "gift_card", f"{name} is a gift card, it is not shipped."
    if version.excludes_digital and not line.requires_shipping:
        return "digital", f"{name} is not shipped."
    if line.sku and line.sku in version.excluded_skus:
        return "excluded_sku", f"{name} is not covered by this plan."
    if line.product_id is not None and line.product_id in version.excluded_product_ids:
        return "excluded_product", f"{name} is a product that this plan does not cover."
    if tags := line.tags.intersection(version.excluded_tags):
        return "excluded_tag", f"{name} is tagged {min(tags)}, which this plan does not cover."
    if version.excludes_free and line.paid <= 0:
        return "free_item", f"{name} is free."
    return None


def fee_for(version: PlanVersion, subtotal: Money) -> Money:
    """Fee for goods worth `subtotal`: by the plan's price, to its step, between its minimum and maximum, payable.

    Raises NotQuotable for another currency than the plan's (we never convert), for an empty cart, and for a cart below
    the first tier or above the largest that is covered.
    """
    if subtotal.currency != version.currency:
        sentence = f"This plan is priced in {version.currency}, the cart is in {subtotal.currency}."
        raise NotQuotable("wrong_currency", sentence, "/currency")
    if subtotal.amount <= 0:
        raise NotQuotable("nothing_to_protect", "The cart has nothing to protect.")
    if version.largest_cart is not None and subtotal.amount > version.largest_cart:
        largest = Money(version.largest_cart, version.currency)
        raise NotQuotable("cart_too_large", f"Carts worth more than {largest} are not covered.")
    fee = _unbounded(version, subtotal.amount)
    if step := version.rounding_step:
        fee = (fee / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
    if version.minimum is not None:
        fee = max(fee, version.minimum)
    if version.maximum is not None:
        fee = min(fee, version.maximum)
    return Money(rounded(fee, version.currency), version.currency)


def _base(version: PlanVersion, line: CartLine, *, taxes_included: bool) -> Decimal:
    before = version.fee_base == PlanVersion.Base.BEFORE_DISCOUNT
    amount = line.price * line.quantity if before else line.paid
    if version.fee_on_tax == taxes_included:
        return amount
    return amount + line.tax if version.fee_on_tax else amount - line.tax


def _unbounded(version: PlanVersion, subtotal: Decimal) -> Decimal:
    if version.pricing == PlanVersion.Pricing.FLAT:
        assert version.flat_fee is not None
        return version.flat_fee
    if version.pricing == PlanVersion.Pricing.PERCENT:
        assert version.percent is not None
        return subtotal * version.percent / 100
    reached = [tier for tier in version.tiers if decimal_of(tier["from"]) <= subtotal]
    if not reached:
        raise NotQuotable("below_first_tier", "The cart is below the plan's first tier.")
    return decimal_of(max(reached, key=lambda tier: decimal_of(tier["from"]))["fee"])
