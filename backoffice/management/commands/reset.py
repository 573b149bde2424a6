import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice import instance, postgres
from backoffice.local import ROOT, SETTINGS_FILE


class Command(BaseCommand):
    help = "Stop everything and delete all local data: database, evidence, log-ins, keys, logs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        home = instance.HOME.resolve()
        if home == Path.home() or home == ROOT or home in ROOT.parents or (home / ".git").exists():
            raise CommandError(f"{home} holds more than local data; nothing was deleted.")
        if not options["yes"] and not _agreed(f"Delete everything in {home}? [y/N] "):
            self.stdout.write("Nothing was deleted.")
            return
        instance.stop()
        kept = None
        if instance.has_own_database():
            postgres.stop(home / "postgres-test")
        else:
            kept = SETTINGS_FILE.resolve()  # its keys read what is encrypted in a database that we leave alone
        for entry in home.iterdir():
            if entry == kept:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        self.stdout.write(f"Deleted. Start afresh: {instance.command('up')}")
        if kept:
            self.stdout.write(f"The database of DATABASE_URL was not touched, and {kept} with its keys was kept.")


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:  # nobody there to ask
        return False
