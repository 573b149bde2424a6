"""What some units of a line were worth: price less their share of the discount, plus their share of the tax."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders.models import LineItem, Order
from orders.money import Money, MoneyBag, minor_units
from protection.shares import Extras, share, shares, spread

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])


def money(coins: int, currency: str) -> dict:
    amount = Money(Decimal(coins).scaleb(-minor_units(currency)), currency)
    return MoneyBag(amount, amount).as_json()


@st.composite
def lines(draw: st.DrawFn, currency: str = "", most: int = 50) -> LineItem:
    """A line in any currency whose discount is at most its price."""
    currency = currency or draw(CURRENCIES)
    quantity, price = draw(st.integers(1, most)), draw(st.integers(0, 10**7))
    values = {
        "unit_price": price,
        "discount": draw(st.integers(0, price * quantity)),
        "tax": draw(st.integers(0, 10**7)),
    }
    amounts = {name: money(coins, currency) for name, coins in values.items()}
    remote_id = draw(st.integers(1, 2**60))
    return LineItem(remote_id=remote_id, title="Teapot", quantity=quantity, current_quantity=quantity, amounts=amounts)


@st.composite
def orders(draw: st.DrawFn) -> tuple[Order, list[LineItem]]:
    """An order with up to five lines (the last is the fee), shipping and its tax, and duties."""
    currency = draw(CURRENCIES)
    rows = [draw(lines(currency, 9)) for _ in range(draw(st.integers(2, 5)))]
    for number, row in enumerate(rows):
        row.remote_id = number
    taxes = sum(Decimal(row.amounts["tax"]["shop"]["amount"]).scaleb(minor_units(currency)) for row in rows)
    amounts = {"tax": int(taxes) + draw(st.integers(0, 999)), "shipping": draw(st.integers(0, 9999))}
    amounts["duties"] = draw(st.integers(0, 9999))
    bags = {name: money(coins, currency) for name, coins in amounts.items()}
    included = draw(st.booleans())
    return Order(currency=currency, presentment_currency=currency, amounts=bags, taxes_included=included), rows


def worth(line: LineItem, units: range, included: bool = False) -> Decimal:
    bag = share(line, units, taxes_included=included)
    assert bag.shop == bag.presentment
    return bag.shop.amount


def paid(line: LineItem, included: bool = False) -> Decimal:
    price, discount, tax = (Decimal(line.amounts[n]["shop"]["amount"]) for n in ("unit_price", "discount", "tax"))
    return price * line.quantity - discount + (0 if included else tax)


def first(quantity: int) -> range:
    return range(1, quantity + 1)


@given(lines(), st.booleans())
def test_all_units_are_worth_exactly_what_was_paid(line: LineItem, included: bool) -> None:
    assert worth(line, first(line.quantity), included) == paid(line, included)


@given(lines(), st.data())
def test_fewer_units_are_worth_no_more_and_never_less_than_nothing(line: LineItem, data: st.DataObject) -> None:
    fewer = data.draw(st.integers(0, line.quantity))
    more = data.draw(st.integers(fewer, line.quantity))
    assert 0 <= worth(line, first(fewer)) <= worth(line, first(more)) <= paid(line)


@given(lines(), st.data(), st.booleans())
def test_two_parts_together_are_exactly_the_whole(line: LineItem, data: st.DataObject, included: bool) -> None:
    part = data.draw(st.integers(0, line.quantity))
    rest = range(part + 1, line.quantity + 1)
    assert worth(line, first(part), included) + worth(line, rest, included) == paid(line, included)


@given(lines())
def test_units_differ_by_one_coin_at_the_most(line: LineItem) -> None:
    each = [worth(line, range(unit, unit + 1)) for unit in first(line.quantity)]
    coin = Decimal(1).scaleb(-minor_units(line.amounts["tax"]["shop"]["currency"]))
    assert max(each) - min(each) in (0, coin)
    assert each == sorted(each, reverse=True)


@given(orders(), st.booleans(), st.booleans(), st.booleans())
def test_with_shipping_fee_and_duties_the_units_are_the_whole_order(
    made, shipping: bool, fee: bool, duties: bool
) -> None:
    order, rows = made
    fee_line = rows[-1]
    found = shares(order, rows, [fee_line.remote_id], Extras(shipping, fee, duties))
    of = {name: Decimal(bag["shop"]["amount"]) for name, bag in order.amounts.items()}
    included = bool(order.taxes_included)
    expected = sum((paid(row, included) for row in rows[:-1]), Decimal(0))
    tax_of_lines = sum((Decimal(row.amounts["tax"]["shop"]["amount"]) for row in rows), Decimal(0))
    if shipping:
        expected += of["shipping"] + (0 if included else of["tax"] - tax_of_lines)
    if fee:
        expected += paid(fee_line, included)
    if duties:
        expected += of["duties"]
    assert set(found) == {row.remote_id for row in rows[:-1]}
    for side in ("shop", "presentment"):
        assert sum(getattr(bag, side).amount for bags in found.values() for bag in bags) == expected
    if not (shipping or fee or duties):
        for row in rows[:-1]:
            one_by_one = [share(row, [n], taxes_included=included) for n in first(row.quantity)]
            assert found[row.remote_id] == one_by_one


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_spreading_loses_no_coin_and_gives_nobody_a_coin_too_many(coins: int, weights: list[int]) -> None:
    given_ = spread(coins, weights)
    assert sum(given_) == coins
    if sum(weights):
        assert all(abs(got - Decimal(coins * w) / sum(weights)) < 1 for got, w in zip(given_, weights, strict=True))
    assert spread(coins, weights) == given_


def test_a_line_without_discount_or_tax_is_its_price() -> None:
    price = MoneyBag(Money(Decimal("40"), "USD"), Money(Decimal("6000"), "JPY")).as_json()
    line = LineItem(title="Teapot", quantity=3, current_quantity=3, amounts={"unit_price": price, "discount": None})
    bag = share(line, [1, 3], taxes_included=None)
    assert [str(side) for side in (bag.shop, bag.presentment)] == ["80.00 USD", "12000 JPY"]
