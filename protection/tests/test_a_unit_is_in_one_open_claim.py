"""Two open claims are never about the same unit, also when both are filed at the same moment."""

from functools import partial

import pytest
from django.db import IntegrityError

from backoffice.tests.at_once import at_once
from orders.tests.builders import line
from protection.eligibility import ClaimRefused
from protection.models import Claim, ClaimUnit
from protection.tests.builders import make_claim, make_covered_order


@pytest.mark.django_db(transaction=True)
def test_of_many_claims_at_once_as_many_are_taken_in_as_there_are_units() -> None:
    order = make_covered_order(line("Teapot", 2))
    results = at_once(*[partial(make_claim, order)] * 5)
    refused = [result for result in results if isinstance(result, ClaimRefused)]
    assert [result.code for result in refused] == ["already_claimed"] * 3
    assert Claim.objects.count() == 2
    assert sorted(ClaimUnit.objects.values_list("unit", flat=True)) == [1, 2]


@pytest.mark.django_db
def test_the_database_refuses_it_without_our_code() -> None:
    order = make_covered_order(line("Teapot", 2))
    first, second = make_claim(order), make_claim(order)
    with pytest.raises(IntegrityError, match="unit_in_one_open_claim"):
        ClaimUnit.objects.filter(item__claim=second).update(unit=first.items.get().units.get().unit)
