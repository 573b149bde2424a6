"""`manage.py rotate_secrets`: everything under the first key, so that the others can be dropped."""

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from backoffice.secrets import Undecryptable
from backoffice.tests.test_secrets_are_unreadable_at_rest import SECRETS, make_row, raw_of

pytestmark = pytest.mark.django_db


def rotate() -> dict[str, Any]:
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_after_a_rotation_the_old_key_can_be_dropped(settings: Any) -> None:
    rows = [make_row(), make_row()]
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    assert rotate() == {"rotated": 2}
    settings.FIELD_KEYS = [new]
    for row in rows:
        row.refresh_from_db()
        assert row.secrets == SECRETS
    settings.FIELD_KEYS = [old]
    with pytest.raises(Undecryptable):
        rows[0].refresh_from_db()


def test_a_new_key_alone_rotates_nothing_and_says_so(settings: Any) -> None:
    row = make_row()
    before = raw_of(row)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="no key fits"):
        rotate()
    assert raw_of(row) == before


def test_without_secrets_there_is_nothing_to_do() -> None:
    assert rotate() == {"rotated": 0}
