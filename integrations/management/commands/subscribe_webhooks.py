from typing import Any

from django.core.management.base import CommandError, CommandParser

from backoffice.management.operator import OperatorCommand
from integrations.connecting import subscribe
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection


class Command(OperatorCommand):
    help = "Ask a connected store to send us its webhooks, topic by topic. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        connection = Connection.objects.filter(system="shopify", shop__domain=options["domain"]).first()
        if connection is None:
            raise CommandError(f"{options['domain']} is not connected; run connect_shop first.")
        try:
            return {"subscriptions": subscribe(connection)}
        except (GiveUp, RetryLater) as error:
            raise CommandError(str(error)) from error
