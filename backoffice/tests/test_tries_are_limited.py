"""A bucket gives what it holds, refills by the clock, and never says for whom it is."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from backoffice import buckets
from backoffice.buckets import Limit, take
from backoffice.models import Bucket

pytestmark = pytest.mark.django_db
THREE = Limit(burst=3, an_hour=60)


def age(**past: float) -> None:
    Bucket.objects.update(at=F("at") - timedelta(**past))


def test_it_gives_what_it_holds_and_says_when_there_is_more():
    assert [take("zoe", THREE) for _ in range(3)] == [0, 0, 0]
    assert 58 <= take("zoe", THREE) <= 60
    assert take("max", THREE) == 0


def test_it_refills_by_the_clock_and_never_above_its_size():
    take("zoe", THREE, cost=3)
    age(seconds=61)
    assert take("zoe", THREE) == 0
    assert take("zoe", THREE) > 0
    age(hours=30)
    assert [take("zoe", THREE) for _ in range(3)] == [0, 0, 0]
    assert take("zoe", THREE) > 0


def test_a_refused_try_costs_nothing():
    take("zoe", THREE, cost=2)
    assert take("zoe", THREE, cost=2) > 0
    assert take("zoe", THREE, cost=1) == 0


def test_more_than_it_can_hold_takes_all_of_it():
    assert take("zoe", THREE, cost=50) == 0
    assert take("zoe", THREE) > 0


def test_who_it_is_for_is_nowhere_in_it():
    take("zoe@example.com", THREE)
    assert "zoe" not in str(Bucket.objects.values().get())


def test_old_buckets_are_swept():
    take("zoe", THREE)
    age(days=3)
    take("max", THREE)
    buckets.sweep()
    assert Bucket.objects.get().at > timezone.now() - timedelta(hours=1)
