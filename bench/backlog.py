"""Processes of the product that a figure starts: one that makes work for senders, and the environment for all."""

import json
import subprocess
from typing import Any

from tests.processes import PYTHON, ROOT
from tests.running import Instance


def environment(backoffice: Instance) -> dict[str, str]:
    """What a process needs to see the instance's settings and database."""
    return {**backoffice.environment, "DJANGO_SETTINGS_MODULE": "backoffice.settings"}


def run(backoffice: Instance, module: str, *arguments: object) -> Any:
    """Run one of bench's modules to its end; returns the JSON it printed, None when it printed nothing."""
    command = [PYTHON, "-m", f"bench.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment(backoffice), check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout) if done.stdout else None


def make(backoffice: Instance, entries: int, orders: int) -> None:
    """`entries` events in turn on `orders` orders, due now for every endpoint; nobody is rung."""
    run(backoffice, "backlog_process", entries, orders)
