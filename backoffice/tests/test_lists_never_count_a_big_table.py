"""The list's paginator: exact when small, an estimate when big, "more than" when filtered."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.console.base import EstimatingPaginator

pytestmark = pytest.mark.django_db


def pretend_rows(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = %s WHERE oid = 'auth_group'::regclass", [number])


def test_a_small_table_is_counted():
    Group.objects.bulk_create(Group(name=f"g{n}") for n in range(3))
    paginator = EstimatingPaginator(Group.objects.order_by("pk"), 2)
    assert (paginator.in_words, paginator.num_pages) == ("3", 2)


def test_a_big_table_is_estimated_without_reading_it():
    pretend_rows(2_000_000)
    paginator = EstimatingPaginator(Group.objects.order_by("pk"), 50)
    with CaptureQueriesContext(connection) as queries:
        assert paginator.in_words == "about 2,000,000"
    assert [query["sql"] for query in queries if "COUNT" in query["sql"].upper()] == []
    assert list(paginator.page(30_000)) == []  # an estimate may promise pages that are empty, never fail on them


def test_a_filtered_table_is_counted_up_to_a_limit_only():
    pretend_rows(2_000_000)
    Group.objects.bulk_create(Group(name=f"g{n}") for n in range(EstimatingPaginator.CAP + 5))
    paginator = EstimatingPaginator(Group.objects.filter(name__startswith="g").order_by("pk"), 50)
    assert paginator.in_words == "more than 1,000"


def test_a_table_never_analyzed_is_counted_up_to_a_limit():
    pretend_rows(-1)
    Group.objects.create(name="g")
    assert EstimatingPaginator(Group.objects.order_by("pk"), 50).in_words == "1"
