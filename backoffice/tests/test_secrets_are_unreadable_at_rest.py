"""Secrets of connections are encrypted with FIELD_KEYS and nothing else opens them."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core import serializers
from django.db import connection

from backoffice.secrets import Undecryptable

SECRETS = {"token": "shpat_topsecret", "signing": ["hush-hush"], "more": {"ünï": None, "n": 1.5}}

pytestmark = pytest.mark.django_db


def make_row(**fields: Any) -> Any:
    model = apps.get_model("integrations", "Connection")
    return model.objects.create(system="webhook", label="a line", url="https://example.com", secrets=SECRETS, **fields)


def raw_of(row: Any) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM integrations_connection WHERE id = %s", [row.pk])
        return bytes(cursor.fetchone()[0])


def test_the_stored_bytes_do_not_contain_the_secret() -> None:
    raw = raw_of(make_row())
    for word in (b"topsecret", b"hush", b"token", b"signing"):
        assert word not in raw
    assert Fernet(b"dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=").decrypt(raw)


def test_what_went_in_comes_out() -> None:
    row = make_row()
    row.refresh_from_db()
    assert row.secrets == SECRETS


def test_the_same_secret_is_never_stored_as_the_same_bytes() -> None:
    assert raw_of(make_row()) != raw_of(make_row())


def test_a_wrong_key_opens_nothing(settings: Any) -> None:
    row = make_row()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Undecryptable, match=r"Connection\.secrets"):
        row.refresh_from_db()


def test_a_tampered_value_opens_no_more() -> None:
    row = make_row()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_connection SET secrets = set_byte(secrets, 20, 65) WHERE id = %s", [row.pk])
        cursor.execute("UPDATE integrations_connection SET secrets = set_byte(secrets, 21, 66) WHERE id = %s", [row.pk])
    with pytest.raises(Undecryptable):
        row.refresh_from_db()


def test_a_row_that_cannot_be_opened_is_left_as_it_is(settings: Any) -> None:
    row = make_row()
    before = raw_of(row)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Undecryptable):
        type(row).objects.get(pk=row.pk).save()
    assert raw_of(row) == before


def test_secrets_are_not_serialised() -> None:
    with pytest.raises(NotImplementedError):
        serializers.serialize("json", [make_row()])
