"""The database itself keeps the journal: entries are added in the transaction of their change, and never touched."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.dispatch import receiver

from orders.journal import record, recorded
from orders.models import JournalEntry
from orders.tests.builders import make_order, make_shop

refused = pytest.raises(IntegrityError, match="append-only")


def execute(sql: str, *parameters: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.mark.django_db
def test_an_entry_cannot_be_changed_in_bulk() -> None:
    make_order()
    with refused, transaction.atomic():
        JournalEntry.objects.update(by="nobody")


@pytest.mark.django_db
def test_an_entry_cannot_be_saved_again() -> None:
    entry = make_order().journal.get()
    entry.facts = {}
    with refused, transaction.atomic():
        entry.save()


@pytest.mark.django_db
def test_an_entry_cannot_be_deleted_in_bulk() -> None:
    make_order()
    with refused, transaction.atomic():
        JournalEntry.objects.all().delete()
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
def test_an_entry_cannot_delete_itself() -> None:
    with pytest.raises(TypeError, match="never deleted"):
        make_order().journal.get().delete()


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE orders_journalentry SET facts = '{}'", "DELETE FROM orders_journalentry"])
def test_raw_sql_is_refused_too(sql: str) -> None:
    make_order()
    with refused:
        execute(sql)
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
def test_redaction_may_change_entries_and_nothing_else_may_follow_it() -> None:
    entry = make_order().journal.get()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL backoffice.redaction = 'on'")
        JournalEntry.objects.filter(pk=entry.pk).update(facts={"name": "[redacted]"})
        with refused, transaction.atomic():
            JournalEntry.objects.filter(pk=entry.pk).delete()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL backoffice.redaction = 'off'")
        with refused, transaction.atomic():
            JournalEntry.objects.update(facts={})
    entry.refresh_from_db()
    assert entry.facts == {"name": "[redacted]"}


@pytest.mark.django_db(transaction=True)
def test_the_permission_to_redact_ends_with_its_transaction() -> None:
    make_order()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL backoffice.redaction = 'on'")
        cursor.execute("UPDATE orders_journalentry SET by = 'redacted'")
    with refused:
        execute("UPDATE orders_journalentry SET by = 'again'")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_apart_from_its_change() -> None:
    shop = make_shop()
    with pytest.raises(RuntimeError, match=r"order\.created"):
        record("order.created", shop=shop, by="system")
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_fails_takes_its_entry_with_it() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_order()
        1 / 0  # noqa: B018 the failure that is meant
    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_whoever_listens_hears_each_entry_in_the_same_transaction() -> None:
    heard = []

    @receiver(recorded)
    def listen(sender: Any, entry: JournalEntry, **kwargs: Any) -> None:
        heard.append((entry.action, connection.in_atomic_block, entry.pk is not None))

    try:
        make_order()
    finally:
        recorded.disconnect(listen)
    assert heard == [("order.created", True, True)]


@pytest.mark.django_db
def test_a_long_name_is_cut_and_never_fails_the_change() -> None:
    entry = record("order.updated", shop=make_shop(), by="staff:" + "ñ" * 500)
    entry.refresh_from_db()
    assert len(entry.by) == 255


@pytest.mark.django_db
def test_the_id_is_the_databases_and_not_the_callers() -> None:
    first = make_order().journal.get()
    forged = JournalEntry.objects.create(pk=1 << 40, shop=make_shop(), action="x.y", by="me", horizon=1)
    stored = JournalEntry.objects.get(public_id=forged.public_id)
    assert first.pk < stored.pk < 1 << 40
    assert stored.horizon > 1
