import os
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django_q.cluster import Cluster

from backoffice.orphans import die_with_parent
from integrations import schedules
from integrations.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the worker: a supervised django-q2 cluster. Any number of these on any number of hosts share the work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cluster", action="store_true", help="the cluster itself, without its supervisor")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster"]:
            # Every process of the cluster ends with the one that made it, so that no half of one is ever left over.
            os.register_at_fork(after_in_child=lambda: die_with_parent(signal.SIGKILL))
            schedules.ensure()
            connections.close_all()  # or the forked processes would share one socket
            Cluster().start()
        else:
            Supervisor().run()
