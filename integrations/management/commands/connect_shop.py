from typing import Any

from django.core.management.base import CommandError, CommandParser

from backoffice.management.operator import OperatorCommand
from integrations.connecting import connect_shop, webhook_url
from integrations.errors import GiveUp


class Command(OperatorCommand):
    help = "Connect a Shopify store, or update its address, token and secret. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", required=True, help="the store's myshopify.com domain")
        parser.add_argument("--api-url", required=True, help="https://<domain>, or another address of its Admin API")
        parser.add_argument("--token", required=True, help="Admin API access token")
        parser.add_argument("--secret", required=True, help="the app's client secret, which signs its webhooks")

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            connection = connect_shop(
                options["domain"], api_url=options["api_url"], token=options["token"], secret=options["secret"]
            )  # fmt: skip
        except (GiveUp, ValueError) as error:
            raise CommandError(str(error)) from error
        return {"connection": connection.public_id, "webhook_url": webhook_url(connection)}
