"""What every figure is measured on: an instance, its shop's order webhooks, a partner's sink; and sizes by name."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import endpoints, sink
from bench.bodies import Bodies
from bench.sink import Sink
from tests import running
from tests.processes import wait_until
from tests.running import Instance

SETTLE_SECONDS = 60.0
_NOTHING_LEFT = """
    SELECT NOT EXISTS (SELECT 1 FROM integrations_inboundmessage WHERE due_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM integrations_delivery WHERE state IN ('pending', 'sending', 'retrying'))
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """The demo partner's endpoint is the sink."""

    backoffice: Instance
    bodies: Bodies
    partner: Sink

    def settle(self) -> None:
        """Return when nothing is left to do: a worker that is stopped in the middle of it would keep its locks."""
        wait_until(lambda: self.backoffice.value(_NOTHING_LEFT), SETTLE_SECONDS, "nothing left to do", every=0.2)
        time.sleep(1.0)  # the tasks that ended it write their last line
        endpoints.empty(self.backoffice)


@contextmanager
def fresh() -> Iterator[Scene]:
    """A scene of its own: gone afterwards, with all that was done to it."""
    with running.instance() as backoffice, sink.running() as partner:
        backoffice.execute("UPDATE integrations_connection SET url = %s WHERE system = 'webhook'", partner.url)
        yield Scene(backoffice, Bodies(backoffice), partner)


def size(name: str, default: int) -> int:
    """A whole number from the environment. docs/performance.md lists them."""
    return int(os.environ.get(name, str(default)))
