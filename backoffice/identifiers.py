"""Public ids such as ord_06cz3…: a prefix that names the kind, then 128 bits that sort by the time they were made.

The first 48 bits are milliseconds since 1970 (as in UUID version 7, RFC 9562 §5.7), the rest is random; 26 characters
of Crockford's base 32 in lower case, which keeps the order. Rows keep a bigint key; these ids are for the outside.
"""

from typing import TYPE_CHECKING, Any

from django.db import models

from backoffice.fresh_ids import ALPHABET, LENGTH, new

__all__ = ["ALPHABET", "LENGTH", "PublicId", "new"]

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
