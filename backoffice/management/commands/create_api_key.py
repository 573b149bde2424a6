from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from backoffice.management.operator import OperatorCommand
from backoffice.models import ApiKey, Partner
from backoffice.models.api_key import SCOPES


class Command(OperatorCommand):
    help = "Make an API key for a partner; the key is shown once. Again: a second key, for rotation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", required=True)
        parser.add_argument("--scopes", required=True, help=f"comma-separated, of: {', '.join(SCOPES)}")
        parser.add_argument("--shop", default="", help="bind the key to this shop's domain")
        parser.add_argument("--test", action="store_true", help="mark it as a test key (pk_test_…)")

    def run(self, **options: Any) -> dict[str, Any]:
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        if not scopes:
            raise CommandError(f"Name at least one scope; there are {', '.join(SCOPES)}.")
        try:
            with transaction.atomic():
                partner, _ = Partner.objects.get_or_create(name=options["partner"])
                key, secret = ApiKey.issue(partner, scopes, options["shop"], live=not options["test"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        return {"key": secret, "prefix": key.prefix}
