from typing import Any

from django.core.management.base import BaseCommand

from backoffice.console.roles import ROLES, ensure_roles


class Command(BaseCommand):
    help = "Make the roles agent and lead, with exactly the permissions that backoffice/console/roles.py names."

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_roles()
        for role, names in ROLES.items():
            self.stdout.write(f"{role}: {len(names)} permissions")
