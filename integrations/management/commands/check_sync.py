from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import passes, proving, reconcile
from integrations.models import SyncRun
from integrations.progress import failures


class Command(BaseCommand):
    help = "Prove that stores and we are the same: a round trip through each line, and orders compared field by field."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", help="the store's myshopify.com domain; all stores without it")
        parser.add_argument(
            "--sample", type=int, default=proving.SAMPLE, help="orders to compare (default %(default)s)"
        )
        parser.add_argument("--seed", type=int, help="draw the same orders as a check before")

    def handle(self, *args: Any, **options: Any) -> None:
        found = reconcile.stores().select_related("shop")
        if options["shop"]:
            found = found.filter(shop__domain=options["shop"].strip().lower())
        runs = []
        for connection in found:
            try:
                run = proving.begin(connection, sample=options["sample"], seed=options["seed"], by="operator")
            except passes.UnderWay as other:
                raise CommandError(f"{other} Wait for its end.") from other
            runs.append(reconcile.finish(run))
            self.stdout.write(summary(run))
        if not runs:
            raise CommandError(f"{options['shop'] or 'No store'} is not connected; run connect_shop first.")
        if any(run.state == SyncRun.State.FAILED or run.drift_found or run.failed for run in runs):
            raise CommandError("Not everything is as it should be; see above.")


def summary(run: SyncRun) -> str:
    """What a check found, in a few lines for the terminal."""
    facts = run.facts
    trip = f"round trip {facts['handled_ms']:,} ms" if "handled_ms" in facts else "no round trip"
    lines = [
        f"{run.connection}: {trip}; {run.looked_at:,} orders compared field by field (seed {facts['seed']}), "
        f"{run.drift_found:,} differed, {run.healed:,} healed, {run.failed:,} failed. {run.public_id}"
    ]
    if run.failure:
        lines.append(f"  It failed: {run.failure}")
    return "\n".join([*lines, *failures(run)])
