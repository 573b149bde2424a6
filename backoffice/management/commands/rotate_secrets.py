from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db import transaction

from backoffice.management.operator import OperatorCommand
from backoffice.secrets import EncryptedJSONField, Undecryptable


class Command(OperatorCommand):
    help = "Encrypt every secret again with the first key of FIELD_KEYS; afterwards the other keys can be dropped."

    def run(self, **options: Any) -> dict[str, Any]:
        rotated = 0
        for model in apps.get_models():
            fields = [field.name for field in model._meta.fields if isinstance(field, EncryptedJSONField)]
            if not fields:
                continue
            for pk in model._default_manager.values_list("pk", flat=True):
                try:
                    with transaction.atomic():
                        row = model._default_manager.select_for_update().get(pk=pk)
                        row.save(update_fields=fields)
                except Undecryptable as error:
                    raise CommandError(f"Row {pk}: {error} Put the key it was written with back.") from error
                rotated += 1
        return {"rotated": rotated}
