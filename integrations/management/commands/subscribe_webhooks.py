from typing import Any

from django.core.management.base import CommandError, CommandParser

from backoffice.management.operator import OperatorCommand
from integrations.models import Connection
from integrations.shopify import inbound, subscriptions


class Command(OperatorCommand):
    help = "Mend what a connected store sends us: each topic subscribed once, at our address. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        connection = Connection.objects.filter(system="shopify", shop__domain=options["domain"]).first()
        if connection is None:
            raise CommandError(f"{options['domain']} is not connected; run connect_shop first.")
        run = subscriptions.check(connection, by="command")
        if run is None:
            raise CommandError("Another process is at it just now; look again in a minute.")
        if run.failure:
            raise CommandError(run.failure)
        done = (*run.facts["present"], *run.facts["created"], *run.facts["mended"])
        found = {**dict.fromkeys(done, "subscribed"), **run.facts["refused"]}
        return {
            "subscriptions": {topic: found[topic] for topic in inbound.SUBSCRIBED},
            "scopes_missing": run.facts["scopes_missing"],
        }
