from typing import Any

from django.core.management.base import CommandError, CommandParser

from backoffice.management.operator import OperatorCommand
from integrations.endpoints import NotPossible, add_endpoint


class Command(OperatorCommand):
    help = "Send a partner webhooks at an address. Again with the same address: the same endpoint and secret."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partner", required=True)
        parser.add_argument("--url", required=True)
        parser.add_argument("--events", default="*", help="comma-separated: *, order.*, claim.closed, …")
        parser.add_argument("--shops", help="comma-separated domains; all shops without it")

    def run(self, **options: Any) -> dict[str, Any]:
        shops = None if options["shops"] is None else _names(options["shops"])
        try:
            connection = add_endpoint(options["partner"], options["url"], _names(options["events"]), shops)
        except NotPossible as error:
            raise CommandError(str(error)) from error
        return {"endpoint": connection.public_id, "secret": connection.secrets["signing"][0]}


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]
