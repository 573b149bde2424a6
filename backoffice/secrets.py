"""Secrets at rest: a JSON field encrypted with its own keys (FIELD_KEYS), never with SECRET_KEY.

It fails closed: a value that no key opens raises `Undecryptable`, and is never shown or saved again as it stands.
Rotation: put a new key first in FIELD_KEYS, run `manage.py rotate_secrets`, then drop the old key.
"""

import json
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Undecryptable(Exception):
    """No key in FIELD_KEYS opens this value. Restore the key it was written with; nothing was changed."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


if TYPE_CHECKING:
    _Binary = models.BinaryField[Any, Any]  # any JSON value goes in and comes out
else:
    _Binary = models.BinaryField


class EncryptedJSONField(_Binary):
    """Any JSON value, stored as one Fernet token. Cannot be searched, and is never editable in a form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"editable": False, **kwargs})

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None:
            value = _fernet().encrypt(json.dumps(value).encode())
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        try:
            return json.loads(_fernet().decrypt(bytes(value)))
        except InvalidToken as error:
            raise Undecryptable(f"{self.model.__name__}.{self.name} cannot be decrypted: no key fits.") from error

    def value_to_string(self, obj: models.Model) -> str:
        raise NotImplementedError("Secrets are not serialised.")
