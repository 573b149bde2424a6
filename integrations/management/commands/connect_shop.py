from typing import Any

from django.core.management.base import CommandError, CommandParser

from backoffice.management.operator import OperatorCommand
from integrations.connecting import connect_shop, webhook_url
from integrations.errors import GiveUp, RetryLater


class Command(OperatorCommand):
    help = (
        "Connect a Shopify store, or update its address, token and secret. Safe to repeat. With --client-id the token "
        "is asked for by client credentials (app and store of one organisation); a store of another owner is connected "
        "in the console."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", required=True, help="the store's myshopify.com domain")
        parser.add_argument("--api-url", required=True, help="https://<domain>, or another address of its Admin API")
        parser.add_argument("--token", default="", help="Admin API access token that an old app of the store has")
        parser.add_argument("--client-id", default="", help="the app's client id: ask for tokens, a new one each day")
        parser.add_argument("--secret", required=True, help="the app's client secret, which signs its webhooks")

    def run(self, **options: Any) -> dict[str, Any]:
        if bool(options["token"]) == bool(options["client_id"]):
            raise CommandError("Give either --token or --client-id.")
        names = ("api_url", "token", "client_id", "secret")
        try:
            connection = connect_shop(options["domain"], **{name: options[name] for name in names})
        except (GiveUp, RetryLater, ValueError) as error:
            raise CommandError(str(error)) from error
        return {"connection": connection.public_id, "webhook_url": webhook_url(connection)}
