from typing import Any

from django.core.management.base import BaseCommand

from backoffice import instance


class Command(BaseCommand):
    help = "Stop everything that `up` started, PostgreSQL last; also what a killed `up` has left behind."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Stopped." if instance.stop() else "Nothing was running.")
