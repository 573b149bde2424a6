from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import reconcile
from integrations.models import Connection, SyncRun
from integrations.progress import Bar, failures


def moment(text: str) -> datetime:
    """A date or a time in ISO 8601; UTC where it does not say."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Compare stores with what we have, heal what differs, and say what was found. Safe to repeat and to end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", help="the store's myshopify.com domain; all stores without it")
        parser.add_argument("--since", type=moment, help="changes from then on (UTC); else since the last pass")
        parser.add_argument("--until", type=moment, help="changes up to then; else up to now")
        parser.add_argument("--order", nargs="+", default=[], metavar="NAME", help="only the orders of these names")
        parser.add_argument("--deep", action="store_true", help="read every order whole and compare every field")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["order"] and (options["since"] or options["until"]):
            raise CommandError("Give either --order or a window, not both.")
        if options["since"] and options["until"] and options["until"] <= options["since"]:
            raise CommandError("--until must be later than --since.")
        failed = 0
        for connection in self.stores(options["shop"]):
            bar = Bar(self.stdout)
            run = reconcile.reconcile(
                connection, since=options["since"], until=options["until"], names=options["order"],
                deep=options["deep"], by="operator", watch=bar.show,
            )  # fmt: skip
            bar.close()
            self.stdout.write(summary(run))
            failed += run.state == SyncRun.State.FAILED
        if failed:
            raise CommandError("Not every store was looked at to the end; see above.")

    def stores(self, domain: str | None) -> list[Connection]:
        """The store that was named, or all; raises CommandError when there is none."""
        found = reconcile.stores().select_related("shop")
        stores = list(found.filter(shop__domain=domain.strip().lower()) if domain else found)
        if not stores:
            raise CommandError(f"{domain or 'No store'} is not connected; run connect_shop first.")
        return stores


def summary(run: SyncRun) -> str:
    """What came of a pass, in a few lines for the terminal."""
    looked_at = f"{run.looked_at:,} order{'' if run.looked_at == 1 else 's'} looked at"
    lines = [
        f"{run.connection}: {looked_at}, {run.drift_found:,} differed, {run.healed:,} healed, {run.failed:,} failed "
        f"({run.facts.get('read', 0):,} read whole). {run.public_id}"
    ]
    if run.failure:
        lines.append(f"  It did not come to its end: {run.failure}")
    return "\n".join([*lines, *failures(run)])
