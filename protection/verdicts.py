"""What a decision means: for each part the units, what was paid for them, and what is given. Nothing is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from orders import entitlement
from orders.models import StockItem
from orders.money import Money, MoneyBag, decimal_of, minor_units
from protection.models import Claim, ClaimItem, Coverage, Decision
from protection.money_left import left_of
from protection.reason_codes import DENIALS, NEEDS_NOTE
from protection.shares import bag_of, least, less, part_of, shares, total
from protection.standing import open_units
from protection.statutory import duty_for
from protection.terms import Terms, terms_of

Verdict, Remedy = Decision.Verdict, Decision.Remedy
SHARED = (Remedy.REFUND, Remedy.STORE_CREDIT, Remedy.GIFT_CARD)  # money in place of the units
MONEY = (*SHARED, Remedy.GOODWILL)


class DecisionRefused(Exception):
    """This decision cannot be taken. The message says why and what to do, `code` is stable, `pointer` the input."""

    def __init__(self, message: str, code: str = "refused", pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The verdict on `quantity` units of an item; units of it that no part names are denied for the last part's reason.

    Approved units are replaced where `remedy` says nothing else; `variant_id` sends another variant (an exchange).
    Money is what was paid for the units, or `percent` of it, or `amount` in the shop's currency; a goodwill `amount` is
    given beside them, `paid_as` refund, store_credit or gift_card. `otherwise` are remedies for when a replacement is
    out of stock, best first.
    """

    item: ClaimItem
    verdict: str
    quantity: int
    reason_code: str = ""
    note: str = ""
    remedy: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    variant_id: int | None = None
    otherwise: tuple[str, ...] = ()
    paid_as: str = ""


def judge(claim: Claim, parts: Sequence[ItemDecision], by: dict[str, Any]) -> list[Decision]:
    """The decisions to be written, with units and money; raises DecisionRefused.

    `by` are the fields that say who decided. Call it with the claim locked.
    """
    units = {key: numbers for key, numbers in open_units(claim).items() if numbers}
    if not units:
        raise DecisionRefused("Every unit of this claim has its remedy; reverse one first.", "nothing_open")
    if {part.item.pk for part in parts} != set(units):
        raise DecisionRefused("Decide every item of the claim that is still open, and no other.", "incomplete")
    rows: list[Decision] = []
    terms = terms_of(claim)
    purse = _Purse(claim, terms)
    for key, numbers in units.items():
        own = [(index, part) for index, part in enumerate(parts) if part.item.pk == key]
        for index, part in own:
            check(claim, part, len(numbers), f"/items/{index}")
        rows += _decided(own, numbers, purse, {**by, "plan_version": terms.plan_version, "rule": terms.rule})
    if by.get("decided_by") is None and any(row.verdict == Verdict.DENY for row in rows):
        raise DecisionRefused("Only a person denies.", "people_deny")
    return rows


def check(claim: Claim, part: ItemDecision, most: int, pointer: str) -> None:
    """Raise DecisionRefused for a part that makes no sense by itself."""
    line, remedy = part.item.line, _remedy(part)

    def refuse(words: str, code: str, field: str) -> None:
        raise DecisionRefused(f"{line}: {words}", code, f"{pointer}/{field}")

    if part.verdict not in Verdict.values:
        refuse("choose approve or deny, or approve in part.", "invalid_verdict", "verdict")
    if remedy not in Remedy.values:
        refuse("this is no remedy.", "invalid_remedy", "remedy")
    if isinstance(part.quantity, bool) or not isinstance(part.quantity, int) or not 1 <= part.quantity <= most:
        refuse(f"the quantity must be from 1 to {most}.", "invalid_quantity", "quantity")
    if part.reason_code and part.reason_code not in DENIALS:
        refuse("this is no reason we know.", "invalid_reason", "reason_code")
    if part.reason_code == "not_covered" and (duty := duty_for(claim.order)):
        refuse(f"in {duty} the law covers it, protection or not. {duty.words}", "statutory_duty", "reason_code")
    if part.verdict != Verdict.APPROVE and not part.reason_code:
        refuse("a denial needs a reason.", "reason_needed", "reason_code")
    if part.reason_code in NEEDS_NOTE and part.verdict == Verdict.DENY and not part.note.strip():
        refuse("write the reason into the note.", "note_needed", "note")
    _check_money(claim, part, remedy, refuse)
    if part.variant_id is not None:
        if remedy != Remedy.REPLACEMENT or part.variant_id < 1:
            refuse("another variant is sent only as a replacement.", "invalid_variant", "variant_id")
        _check_price(claim, part, pointer)
    if part.otherwise and (remedy != Remedy.REPLACEMENT or set(part.otherwise) - {*SHARED}):
        refuse("instead of a replacement can be given a refund, store credit or a gift card.",
               "invalid_otherwise", "otherwise")  # fmt: skip
    if {remedy, part.paid_as, *part.otherwise} & {Remedy.STORE_CREDIT, Remedy.GIFT_CARD}:
        customer = claim.order.customer
        if customer is None or customer.deleted_at:
            refuse("credit needs a customer; this order has none.", "no_customer", "remedy")


def _check_money(claim: Claim, part: ItemDecision, remedy: str, refuse: Any) -> None:
    said = [value for value in (part.amount, part.percent) if value is not None]
    if part.verdict == Verdict.DENY and (said or part.remedy not in ("", Remedy.NONE)):
        refuse("what is denied gets nothing.", "invalid_remedy", "remedy")
    if said and remedy not in MONEY:
        refuse("only money has an amount.", "invalid_amount", "amount")
    if len(said) > 1:
        refuse("give an amount or a percentage, not both.", "invalid_amount", "amount")
    if part.verdict == Verdict.PARTIAL and (remedy not in SHARED or not said):
        refuse("say how much of the money is given.", "amount_needed", "amount")
    if remedy == Remedy.GOODWILL and part.amount is None:
        refuse("a goodwill amount must be named.", "amount_needed", "amount")
    if part.paid_as and (remedy != Remedy.GOODWILL or part.paid_as not in SHARED):
        refuse("a goodwill amount is given as refund, store_credit or gift_card.", "invalid_remedy", "paid_as")
    if part.percent is not None and not 0 < part.percent <= 100:
        refuse("the percentage must be above 0 and at most 100.", "invalid_percent", "percent")
    if part.amount is not None:
        digits = -int(part.amount.normalize().as_tuple().exponent) if part.amount.is_finite() else 99
        if not part.amount.is_finite() or part.amount <= 0 or digits > minor_units(claim.order.currency):
            refuse(f"the amount must be above 0 and payable in {claim.order.currency}.", "invalid_amount", "amount")


def _check_price(claim: Claim, part: ItemDecision, pointer: str) -> None:
    """What is sent instead must not cost more than what was bought, as far as its price is known."""
    item = StockItem.objects.filter(shop=claim.order.shop_id, variant_id=part.variant_id, deleted_at=None).first()
    bought = decimal_of(part.item.line.amounts["unit_price"]["shop"]["amount"])
    if item is not None and item.price is not None and item.price > bought:
        price = Money(item.price, claim.order.currency)
        raise DecisionRefused(
            f"{item} costs {price}, more than the {Money(bought, price.currency)} of {part.item.line}.",
            "dearer", f"{pointer}/variant_id",
        )  # fmt: skip


def _remedy(part: ItemDecision) -> str:
    if part.verdict == Verdict.DENY:
        return Remedy.NONE.value
    return part.remedy or Remedy.REPLACEMENT.value


def _decided(
    parts: Sequence[tuple[int, ItemDecision]], numbers: list[int], purse: "_Purse", common: dict[str, Any]
) -> list[Decision]:
    """Decisions on one item: approved parts take its units first, free ones before those used elsewhere."""
    item = parts[0][1].item
    asked, pointer = sum(part.quantity for _, part in parts), f"/items/{parts[-1][0]}/quantity"
    denied_alone = len(parts) == 1 and parts[0][1].verdict == Verdict.DENY
    if asked > len(numbers):
        raise DecisionRefused(f"{item.line}: the quantities are more than {len(numbers)}.", "invalid_quantity", pointer)
    last = parts[-1][1]
    rest = len(numbers) - asked
    if denied_alone:
        parts = [(parts[0][0], replace(last, quantity=len(numbers)))]
    elif rest:
        if not last.reason_code:
            raise DecisionRefused(f"{item.line}: say why the other units are denied.", "reason_needed", pointer)
        denial = ItemDecision(item, Verdict.DENY.value, rest, last.reason_code, last.note)
        parts = [*parts, (parts[-1][0], denial)]
    free = set(entitlement.free_units(item.line))  # some may have been refunded since the claim was filed
    left = sorted(numbers, key=lambda unit: (unit not in free, unit))
    rows = []
    for index, part in sorted(parts, key=lambda place: place[1].verdict == Verdict.DENY):
        units, left = sorted(left[: part.quantity]), left[part.quantity :]
        rows.append(_row(part, units, purse, f"/items/{index}", common))
    return rows


def _row(part: ItemDecision, units: list[int], purse: "_Purse", pointer: str, common: dict[str, Any]) -> Decision:
    remedy, value = _remedy(part), purse.value(part.item, units)
    given = purse.take(part, remedy, value, pointer) if remedy in MONEY else None
    return Decision(
        item=part.item,
        verdict=part.verdict,
        remedy=remedy,
        quantity=part.quantity,
        units=units,
        value=value.as_json(),
        amount=given.as_json() if given else {},
        paid_as=(part.paid_as or Remedy.REFUND.value) if remedy == Remedy.GOODWILL else "",
        variant_id=part.variant_id,
        otherwise=list(part.otherwise),
        reason_code="" if part.verdict == Verdict.APPROVE else part.reason_code,
        note=part.note,
        **common,
    )


class _Purse:
    """The order's money while a decision is judged: shares of its units, and what is left to be given."""

    def __init__(self, claim: Claim, terms: Terms) -> None:
        self.order = claim.order
        lines = list(self.order.lines.all())
        coverage = Coverage.objects.filter(order=self.order).first()
        self.shares = shares(self.order, lines, coverage.fee_lines if coverage else [], terms.extras)
        self.left = left_of(self.order)

    def value(self, item: ClaimItem, units: Iterable[int]) -> MoneyBag:
        bags = self.shares[item.line.remote_id]
        return total((bags[unit - 1] for unit in units), bags[0])

    def take(self, part: ItemDecision, remedy: str, value: MoneyBag, pointer: str) -> MoneyBag:
        """Take what a part is given; raises DecisionRefused where that is more than was paid, or than is left."""
        line = part.item.line
        if remedy == Remedy.GOODWILL:
            value = bag_of(self.order.amounts["total"])
        if part.amount is not None and part.amount > min(value.shop.amount, self.left.shop.amount):
            most = least(value, self.left).shop
            raise DecisionRefused(f"{line}: at most {most} can be given.", "too_much", f"{pointer}/amount")
        given = least(part_of(value, _fraction(part, value)), self.left)
        if part.amount is not None:
            given = MoneyBag(Money(part.amount, given.shop.currency), given.presentment)
        if not given.shop.amount or not given.presentment.amount:
            raise DecisionRefused(
                f"{line}: nothing of what was paid is left to give.", "nothing_left", f"{pointer}/remedy"
            )
        self.left = less(self.left, given)
        return given


def _fraction(part: ItemDecision, value: MoneyBag) -> Decimal:
    if part.percent is not None:
        return part.percent / 100
    return part.amount / value.shop.amount if part.amount is not None else Decimal(1)
