"""What some units of a line were worth: price less their share of the discount, plus their share of the tax."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders.models import LineItem
from orders.money import Money, MoneyBag, minor_units
from protection.review import paid_for


@st.composite
def lines(draw: st.DrawFn) -> LineItem:
    """A line in any currency whose discount is at most its price."""
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    unit = Decimal(1).scaleb(-minor_units(currency))
    quantity = draw(st.integers(1, 50))
    price = draw(st.integers(0, 10**7))
    discount = draw(st.integers(0, price * quantity))
    tax = draw(st.integers(0, 10**7))
    amounts = {}
    for name, units in (("unit_price", price), ("discount", discount), ("tax", tax)):
        money = Money(units * unit, currency)
        amounts[name] = MoneyBag(money, money).as_json()
    return LineItem(title="Teapot", quantity=quantity, current_quantity=quantity, amounts=amounts)


def worth(line: LineItem, quantity: int) -> Decimal:
    bag = paid_for(line, quantity)
    assert bag.shop == bag.presentment
    return bag.shop.amount


def paid(line: LineItem) -> Decimal:
    price, discount, tax = (Decimal(line.amounts[n]["shop"]["amount"]) for n in ("unit_price", "discount", "tax"))
    return price * line.quantity - discount + tax


@given(lines())
def test_all_units_are_worth_exactly_what_was_paid(line: LineItem) -> None:
    assert worth(line, line.quantity) == paid(line)


@given(lines(), st.data())
def test_fewer_units_are_worth_no_more_and_never_less_than_nothing(line: LineItem, data: st.DataObject) -> None:
    fewer = data.draw(st.integers(0, line.quantity))
    more = data.draw(st.integers(fewer, line.quantity))
    assert 0 <= worth(line, fewer) <= worth(line, more) <= paid(line)


@given(lines(), st.data())
def test_two_parts_together_are_the_whole_but_for_one_rounding(line: LineItem, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, line.quantity))
    currency = line.amounts["tax"]["shop"]["currency"]
    together = worth(line, part) + worth(line, line.quantity - part)
    assert abs(together - paid(line)) <= Decimal(1).scaleb(-minor_units(currency))


@given(lines(), st.data())
def test_a_share_can_be_paid_in_its_currency(line: LineItem, data: st.DataObject) -> None:
    share = paid_for(line, data.draw(st.integers(0, line.quantity))).shop
    assert share.amount == share.amount.quantize(Decimal(1).scaleb(-minor_units(share.currency)))


def test_a_line_without_discount_or_tax_is_its_price() -> None:
    price = MoneyBag(Money(Decimal("40"), "USD"), Money(Decimal("6000"), "JPY")).as_json()
    line = LineItem(title="Teapot", quantity=3, current_quantity=3, amounts={"unit_price": price, "discount": None})
    assert [str(side) for side in (paid_for(line, 2).shop, paid_for(line, 2).presentment)] == ["80.00 USD", "12000 JPY"]
