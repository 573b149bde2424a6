"""Commands for operators: one JSON object on stdout, errors as a sentence on stderr with exit status 1."""

import json
from typing import Any

from django.core.management.base import BaseCommand


class OperatorCommand(BaseCommand):
    """Subclasses implement `run`, return the answer, and raise CommandError with a sentence that says what to do.

    Django prints a CommandError to stderr and exits with 1.
    """

    def run(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(self.run(**options)))
