from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import backfill, passes
from integrations.models import Connection, SyncRun
from integrations.progress import HistoryBar, failures


def moment(text: str) -> datetime:
    """A date or a time in ISO 8601; UTC where it does not say."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Bring in a store's past orders by a bulk operation. Safe to end at any moment and to run again: it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", required=True, help="the store's myshopify.com domain")
        parser.add_argument("--since", type=moment, help="only orders made since then (UTC); else all")
        parser.add_argument("--file", type=Path, help="a result of a bulk operation that is here already")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["since"] and options["file"]:
            raise CommandError("Give either --since or --file, not both.")
        if options["file"] and not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        bar = HistoryBar(self.stdout)
        run = self.begun(self.connection(options["shop"]), options["since"], options["file"])
        backfill.finish(run, bar.show)
        bar.close()
        self.stdout.write(summary(run))
        if run.state == SyncRun.State.FAILED:
            raise CommandError("The history did not come in to its end; see above.")

    def connection(self, domain: str) -> Connection:
        """The store's; raises CommandError when it is not connected."""
        stores = Connection.objects.filter(system="shopify", removed_at=None, uninstalled_at=None)
        found = stores.select_related("shop").filter(shop__domain=domain.strip().lower()).first()
        if found is None:
            raise CommandError(f"{domain} is not connected; run connect_shop first.")
        return found

    def begun(self, connection: Connection, since: datetime | None, file: Path | None) -> SyncRun:
        """A new pass, or the one that is under way: it was ended before its end, or the workers are at it."""
        try:
            if file:
                return backfill.start_with(connection, file, by="operator")
            return backfill.start(connection, since=since, by="operator")
        except passes.UnderWay as other:
            self.stdout.write(f"Going on with the one that began {other.run.started_at:%Y-%m-%d %H:%M} UTC.")
            return other.run


def summary(run: SyncRun) -> str:
    """What came of a pass, in a few lines for the terminal."""
    facts = run.facts
    lines = [
        f"{run.connection}: {run.looked_at:,} orders looked at, {facts.get('made', 0):,} new, "
        f"{facts.get('changed', 0):,} changed, {facts.get('read', 0):,} read whole, "
        f"{run.failed:,} failed. {run.public_id}"
    ]
    if run.failure:
        lines.append(f"  It did not come to its end: {run.failure}")
    if facts.get("orphans"):
        lines.append(f"  {facts['orphans']:,} lines belonged to no order of the file.")
    return "\n".join([*lines, *failures(run)])
