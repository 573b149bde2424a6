"""A queue outside the database. It may be slow, or down: that delays scheduled tasks and must delay nothing else."""

import logging
import os
import queue
import threading
from typing import Any

from integrations.queues.hearing import HearsBells, Task

logger = logging.getLogger(__name__)

TROUBLE_SECONDS = 5.0  # between attempts to reach a queue that does not answer


class Outside(HearsBells):
    """Mix it in before a broker of django-q2 whose `dequeue` waits for tasks: it then waits on a thread of its own."""

    may_ask = False  # until first used: a queue that is down must not stop the cluster's start
    _opened_in = 0  # the process that made our connections; none survives a fork
    _carrier: threading.Thread | None = None

    def take(self) -> list[Task]:
        """What the thread has brought since last time."""
        if self._carrier is None:
            self._brought: queue.Queue[list[Task]] = queue.Queue(maxsize=1)  # the rest stays where others can take it
            self._carrier = threading.Thread(target=self._carry, name="queue", daemon=True)
            self._carrier.start()
        try:
            return self._brought.get_nowait()
        except queue.Empty:
            return []

    def _carry(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self.open()
                tasks = super(HearsBells, self).dequeue()  # django-q2's own, which waits
            except Exception as error:  # noqa: BLE001 each client library raises its own
                logger.error("The queue does not answer, so scheduled tasks wait; all else goes on. %s", _words(error))
                self._opened_in = 0
                pause.wait(TROUBLE_SECONDS)
                continue
            if tasks:
                self._brought.put(tasks)

    def enqueue(self, task: str) -> Any:
        """Put a scheduled task on the queue; raises what the client library raises, and the scheduler tries again."""
        try:
            self.open()
            return super().enqueue(task)
        except BaseException:
            self._opened_in = 0
            raise

    def open(self) -> None:
        """Have connections that are this process's own; the way django-q2 carries a broker to another process."""
        if self._opened_in != os.getpid():
            self.may_ask = True
            self.__setstate__(self.__getstate__())
            self._opened_in = os.getpid()

    def ping(self) -> bool:
        """Never a reason not to start: bells and due rows need no queue."""
        return True


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
