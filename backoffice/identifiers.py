"""Public ids such as ord_06cz3…: a prefix that names the kind, then 128 bits that sort by the time they were made.

The first 48 bits are milliseconds since 1970 (as in UUID version 7, RFC 9562 §5.7), the rest is random; 26 characters
of Crockford's base 32 in lower case, which keeps the order. Rows keep a bigint key; these ids are for the outside.
"""

import secrets
import time
from typing import TYPE_CHECKING, Any

from django.db import models

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26


def new(prefix: str) -> str:
    """A fresh id, for example `new("ord")` → 'ord_06d1q…'."""
    number = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return f"{prefix}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


if TYPE_CHECKING:
    _Text = models.CharField[str, str]
else:
    _Text = models.CharField


class PublicId(_Text):
    """A unique public id, made when the row is first saved."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**{"max_length": 40, "unique": True, "editable": False, **kwargs})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "prefix": self.prefix}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if not value:
            value = new(self.prefix)
            setattr(model_instance, self.attname, value)
        return value
