from typing import Any

from django.core.management.base import CommandError, CommandParser

from backoffice.management.operator import OperatorCommand
from integrations.connecting import add_endpoint
from integrations.errors import GiveUp


class Command(OperatorCommand):
    help = "Send a partner webhooks at an address. Again with the same address: the same endpoint and secret."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", required=True)
        parser.add_argument("--url", required=True)
        parser.add_argument("--events", default="*", help="comma-separated: *, order.*, claim.closed, …")

    def run(self, **options: Any) -> dict[str, Any]:
        events = [event.strip() for event in options["events"].split(",") if event.strip()]
        try:
            connection = add_endpoint(options["partner"], options["url"], events)
        except GiveUp as error:
            raise CommandError(str(error)) from error
        return {"endpoint": connection.public_id, "secret": connection.secrets["signing"][0]}
