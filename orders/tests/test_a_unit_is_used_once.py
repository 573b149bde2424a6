"""The money guard: one unit, one use, whoever asks and however many ask at once."""

from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.tests.at_once import Blocked, OpenTransaction, at_once
from orders.entitlement import UnitAlreadyUsed, free_units, release, use_units
from orders.models import LineItem, UnitUse
from orders.tests.builders import line, make_order

Kind = UnitUse.Kind


def teapots(quantity: int = 3) -> LineItem:
    return make_order(line("Teapot", quantity)).lines.get()


@pytest.mark.django_db
@pytest.mark.parametrize("first", Kind.values)
@pytest.mark.parametrize("second", Kind.values)
def test_no_second_use_of_any_kind(first: str, second: str) -> None:
    row = teapots()
    use_units(row, [2], kind=first, reference="one")
    with pytest.raises(UnitAlreadyUsed, match=r"Teapot: unit 2 of 3 was already .* \(one, "):
        use_units(row, [1, 2], kind=second, reference="two")
    assert free_units(row) == [1, 3]


@pytest.mark.django_db
@pytest.mark.parametrize("unit", [0, -1, 4])
def test_a_unit_that_was_not_bought_cannot_be_used(unit: int) -> None:
    row = teapots()
    with pytest.raises(UnitAlreadyUsed, match="does not exist, 3 were bought"):
        use_units(row, [1, unit], kind=Kind.CREDIT, reference="one")
    assert free_units(row) == [1, 2, 3]


@pytest.mark.django_db
def test_a_released_unit_is_usable_again_and_its_first_use_stays_on_record() -> None:
    row = teapots()
    use_units(row, [1, 2], kind=Kind.REPLACEMENT, reference="res_1")
    use_units(row, [3], kind=Kind.CREDIT, reference="res_2")
    assert release("res_1") == 2
    assert release("res_1") == 0
    assert free_units(row) == [1, 2]
    use_units(row, [1], kind=Kind.REFUND, reference="ref_1")
    assert UnitUse.objects.filter(line=row, unit=1).count() == 2


@pytest.mark.django_db
def test_the_database_refuses_it_without_our_code() -> None:
    row = teapots()
    use_units(row, [1], kind=Kind.REFUND, reference="one")
    insert = "INSERT INTO orders_unituse (line_id, unit, kind, reference, used_at) VALUES (%s, %s, %s, 'raw', now())"
    for unit, kind in ((1, "credit"), (0, "credit"), (2, "gift")):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(insert, [row.pk, unit, kind])


@pytest.mark.django_db
def test_the_same_unit_of_two_lines_are_two_units() -> None:
    order = make_order(line("Teapot"), line("Cup"))
    for row in order.lines.all():
        use_units(row, [1], kind=Kind.REFUND, reference="one")
    assert UnitUse.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_wins() -> None:
    row = teapots(1)
    results = at_once(*[partial(use_units, row, [1], kind=Kind.REPLACEMENT, reference=f"res_{n}") for n in range(6)])
    assert sum(isinstance(result, list) for result in results) == 1
    assert sum(isinstance(result, UnitAlreadyUsed) for result in results) == 5
    assert UnitUse.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("commits", [True, False])
def test_the_second_waits_for_how_the_first_ends(commits: bool) -> None:
    row = teapots(1)
    first = partial(use_units, row, [1], kind=Kind.REFUND, reference="first")
    with OpenTransaction(first) as other:
        second = Blocked(partial(use_units, row, [1], kind=Kind.REPLACEMENT, reference="second"))
        if commits:
            other.commit()
    assert isinstance(second.result(), UnitAlreadyUsed if commits else list)
    assert UnitUse.objects.get().reference == ("first" if commits else "second")


@pytest.mark.django_db(transaction=True)
def test_overlapping_wishes_are_granted_whole_or_not_at_all() -> None:
    row = teapots(3)
    wishes = [[1, 2], [2, 3], [1, 3]]
    results = at_once(*[partial(use_units, row, wish, kind=Kind.CREDIT, reference=str(wish)) for wish in wishes])
    assert sum(isinstance(result, list) for result in results) == 1
    assert UnitUse.objects.count() == 2
    assert len(set(UnitUse.objects.values_list("reference", flat=True))) == 1
