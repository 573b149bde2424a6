"""What the guarantee costs: a remedy once, in the shop's currency, and nothing for what was taken back or refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from orders.intake import Origin, apply_refund, apply_snapshot
from orders.models import JournalEntry, StockItem
from orders.money import Money, MoneyBag
from orders.snapshot import Address, RefundLineSnapshot, RefundSnapshot
from orders.tests.builders import NOON, bag, later, line, make_order, make_shop, next_id, snapshot
from protection import coverage, resolutions, review
from protection.ledger.entering import enter_costs
from protection.ledger.statement import FEW
from protection.ledger.words import expected_of
from protection.models import CostStandard, FeeRefund, Recovery
from protection.tests.builders import decide, make_agent, make_claim, make_covered_order, make_plan, make_resolution
from protection.tests.money import book, claimed, fee, figures, remedy, rows, sent, total
from protection.verdicts import DecisionRefused

pytestmark = pytest.mark.django_db


def give_back(order, price: str, *, remote_line: int, tax: str = "0") -> None:
    part = RefundLineSnapshot(remote_line, 1, "no_restock", {"subtotal": bag(price), "tax": bag(tax)})
    refund = RefundSnapshot(next_id(), [part], created_at=later(60), processed_at=later(60))
    apply_refund(order.shop, order.remote_id, refund, Origin("shopify"))
    order.refresh_from_db()
    coverage.refresh(order, by="shopify")


def covered(*fees, **fields):
    shop = fields.pop("shop", None) or make_shop()
    make_plan(shop, currency=shop.currency)
    order = make_order(line("Teapot", 2), *fees, shop=shop, **fields)
    coverage.refresh(order, by="shopify")
    return order


def test_a_fee_counts_less_its_discount_and_its_tax_stands_apart():
    covered(fee("2.00", discount="0.50", tax="0.12"))
    assert (book().total.collected, book().total.collected_tax) == (Decimal("1.50"), Decimal("0.12"))


def test_tax_that_prices_hold_is_taken_out_of_the_fee():
    covered(fee("2.00", tax="0.32"), taxes_included=True)
    assert (book().total.collected, book().total.collected_tax) == (Decimal("1.68"), Decimal("0.32"))


def test_a_fee_that_nobody_paid_was_not_collected():
    covered(fee("2.00"), financial_status="pending")
    assert book().total.collected == 0


def test_a_part_of_a_fee_that_is_given_back_leaves_the_rest():
    fees = fee("1.00", quantity=3)
    order = covered(fees)
    give_back(order, "1.00", remote_line=fees.remote_id)
    sums = book().total
    assert (sums.collected, sums.refunded, sums.kept) == (3, 1, 2)
    assert total(rows("fees", what="refunded"), "amount") == 1


def test_a_fee_that_an_edit_took_off_again_was_never_collected():
    shop, fees = make_shop(), fee("1.00")
    make_plan(shop)
    bought = snapshot(line("Teapot"), fees)
    order = apply_snapshot(shop, bought, Origin("shopify")).order
    coverage.refresh(order, by="shopify")
    gone = fee("1.00")
    edited = snapshot(
        *bought.lines[:1], type(gone)(**{**{n: getattr(fees, n) for n in gone.__slots__}, "current_quantity": 0}),
        remote_id=bought.remote_id, updated_at=later(5),
    )  # fmt: skip
    order = apply_snapshot(shop, edited, Origin("shopify")).order
    coverage.refresh(order, by="shopify")
    assert order.coverage.status == "removed"
    assert order.coverage.collected == 0


def test_in_an_order_of_two_currencies_the_shops_own_counts():
    shop = make_shop(currency="USD")
    amounts = {
        "unit_price": MoneyBag(Money(Decimal("2.00"), "USD"), Money(Decimal(300), "JPY")),
        "discount": MoneyBag(Money(Decimal(0), "USD"), Money(Decimal(0), "JPY")),
        "tax": MoneyBag(Money(Decimal(0), "USD"), Money(Decimal(0), "JPY")),
    }
    fees = line("Delivery guarantee", amounts=amounts, sku="PROTECT", requires_shipping=False)
    covered(fees, shop=shop, presentment_currency="JPY")
    assert [(one.currency, one.total.collected) for one in figures().books] == [("USD", Decimal("2.00"))]


def test_a_cancelled_order_keeps_its_fee_until_the_shop_gives_it_back():
    fees = fee("1.00")
    order = covered(fees, cancelled_at=later(30))
    assert order.coverage.status == "void"
    assert book().total.kept == 1
    give_back(order, "1.00", remote_line=fees.remote_id)
    assert book().total.kept == 0


def test_what_was_taken_back_refused_or_is_under_way_costs_nothing():
    claim = claimed()
    for state in ("reversed", "failed", "queued", "held", "planned"):
        remedy(claim, state=state)
    assert book().total.cost == 0
    taken_back = remedy(claim, "refund", "7.50")
    assert book().total.cost == Decimal("7.50")
    taken_back.state = "reversed"
    taken_back.save()
    assert (book().total.cost, rows("costs")) == (0, [])


def test_a_replacement_of_a_replacement_counts_each_cost_once():
    first = claimed()
    remedy(first, amount="40.00")
    second = claimed(make_order(shop=first.order.shop), follows=first)
    remedy(second, amount="40.00")
    sums = book().total
    assert (sums.remedies, sums.cost, sums.without_fee) == (2, 40, 0)  # at half their price, nothing being known


def test_a_claim_that_is_opened_again_after_it_was_denied_counts_as_open_and_is_no_history():
    order = make_covered_order()
    claim = make_claim(order)
    decide(claim, make_agent(), 0)
    assert (rows("claims", stands="open"), len(rows("claims", stands="closed"))) == ([], 1)
    claim.refresh_from_db()
    review.reopen(claim, "it never came", user=make_agent("ben"))
    assert len(rows("claims", stands="open")) == 1
    assert rows("claims", stands="closed") == []
    assert [(one.reason, one.open) for one in book().expected] == [("lost", 1)]


def test_goods_cost_what_the_shop_says_they_cost_and_labels_what_is_usual():
    shop = make_shop()
    shop.country = "US"
    shop.save()
    StockItem.objects.create(shop=shop, remote_id=1, variant_id=42, price=Decimal(40), unit_cost=Decimal("11.25"))
    CostStandard.objects.create(shop=shop, currency="USD", label_domestic="6.50", label_international="21.00")
    resolution = make_resolution(make_claim(make_covered_order(shop=shop)))
    resolutions.mark_executed(resolution, by="shopify", remote_order_id=77)
    sums = book().total
    assert (sums.goods, sums.label) == (Decimal("11.25"), Decimal("6.50"))
    assert (sums.estimated, sums.no_label, sums.no_duty) == (0, 0, 1)


def test_a_parcel_to_another_country_costs_another_label_and_duties():
    shop = make_shop()
    shop.country = "DE"
    shop.save()
    usual = {"label_domestic": "5", "label_international": "20", "duty_domestic": "0", "duty_international": "9"}
    CostStandard.objects.create(shop=shop, currency="USD", **usual)
    remedy(claimed(make_covered_order(shop=shop)))  # the order goes to the US
    home = claimed(make_covered_order(shop=shop, shipping_address=Address(country_code="DE", country="Germany")))
    remedy(home)
    sums = book().total
    assert (sums.label, sums.duty) == (25, 9)


def test_a_later_standard_leaves_what_came_before_as_it_was():
    shop = make_shop()
    for label, day in (("5", 1), ("8", 20)):
        effective_from = datetime(2026, 10, day, tzinfo=UTC)
        CostStandard.objects.create(shop=shop, currency="USD", label_domestic=label, effective_from=effective_from)
    for at in ("2026-09-01", "2026-10-19", "2026-10-21"):
        remedy(claimed(), at=f"{at}T12:00:00Z")
    assert [row["label"] for row in rows("costs")] == ["5.0000", "5.0000", "8.0000"]


def test_what_somebody_enters_counts_instead_until_it_is_taken_out_again():
    resolution, ana = remedy(claimed(), amount="40.00"), make_agent()
    enter_costs(resolution, {"goods": Decimal(12), "label": Decimal("4.20")}, user=ana)
    assert (book().total.cost, book().total.estimated) == (Decimal("16.20"), 0)
    entry = JournalEntry.objects.get(action="resolution.costed")
    assert (entry.subject, entry.facts["parts"]) == (resolution.public_id, ["goods", "label"])
    assert "12" not in str(entry.facts.values())
    enter_costs(resolution, {}, user=ana)
    assert (book().total.cost, book().total.estimated) == (20, 1)


@pytest.mark.parametrize(
    "kind, state, part, amount, code",
    [
        ("replacement", "executed", "label", "-1", "invalid_amount"),
        ("replacement", "executed", "label", "1.234", "invalid_amount"),
        ("replacement", "executed", "duty", "NaN", "invalid_amount"),
        ("replacement", "executed", "goods", "1e40", "invalid_amount"),
        ("replacement", "queued", "label", "1", "not_carried_out"),
        ("refund", "executed", "goods", "1", "no_goods"),
    ],
)
def test_an_amount_that_makes_no_sense_is_not_entered(kind, state, part, amount, code):
    resolution = remedy(claimed(), kind, state=state)
    with pytest.raises(DecisionRefused) as refusal:
        enter_costs(resolution, {part: Decimal(amount)}, user=make_agent())
    assert refusal.value.code == code
    resolution.refresh_from_db()
    assert "entered" not in resolution.cost


def test_what_a_carrier_paid_back_counts_in_its_own_currency_on_the_day_it_came():
    claim = claimed()
    remedy(claim, "refund", "50.00")
    for currency, amount, paid_on in (("USD", "30.00", date(2026, 11, 24)), ("EUR", "9.00", date(2026, 3, 1))):
        Recovery.objects.create(
            order=claim.order, parcel=sent(claim.order), currency=currency, state="paid", next_actor="",
            received=Decimal(amount), paid_on=paid_on, filed_at=NOON, answered_at=NOON, closed_at=NOON,
            claimed=Decimal(amount), approved=Decimal(amount), reference="X1",
        )  # fmt: skip
    sums = book().total
    assert (sums.cost, sums.recovered, sums.spent) == (50, 30, 20)
    assert (book("EUR").total.recovered, book("EUR").months[2].recovered) == (9, 9)
    assert [(row["day"], row["amount"]) for row in rows("recoveries", currency="USD")] == [("2026-11-24", "30.0000")]


def test_open_claims_cost_what_those_of_last_year_did_and_few_say_nothing():
    for number in range(FEW):
        claim = claimed(outcome="approved" if number % 4 else "denied")
        remedy(claim, "refund", "8.00")
    claimed(state="in_review")
    claimed(state="decided", outcome="approved", next_actor="system")
    claimed(reason="stolen", state="in_review")
    lost, stolen = book().expected
    assert (lost.share, lost.mean) == (Decimal("0.75"), 8)
    assert lost.amount == Decimal("1.75") * 8
    assert stolen.amount is None
    assert "too few to say" in expected_of(stolen, "USD")
    assert "75.0 % approved (15 of 20" in expected_of(lost, "USD")


def test_parts_of_a_fee_that_went_back_are_not_counted_again_when_the_rest_does():
    fees = fee("1.00", tax="0.10")
    order = covered(fees)
    shares = {"shop": {"amount": "0.33", "currency": "USD"}, "presentment": {"amount": "0.33", "currency": "USD"}}
    FeeRefund.objects.create(coverage=order.coverage, state="paid", paid_at=later(10), amount=shares)
    FeeRefund.objects.create(coverage=order.coverage, state="dropped", amount=shares)
    assert (book().total.refunded, book().total.refunded_tax) == (Decimal("0.30"), Decimal("0.03"))
    give_back(order, "1.00", remote_line=fees.remote_id, tax="0.10")
    assert (book().total.refunded, book().total.refunded_tax) == (Decimal("1.00"), Decimal("0.10"))
    assert book().total.kept == 0
    assert total(rows("fees", what="refunded"), "amount") == 1
