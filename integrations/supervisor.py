"""Keeps one django-q2 cluster alive and honest.

django-q2 1.11.1 can hang for good when an idle worker is killed (the dead process holds the queue's read lock) while
every process still looks alive. So the proof of life is a heartbeat row that a real task writes every five seconds;
when it is stale the whole process group is killed and a new cluster started. Nothing is lost by that: work is rows.

Each worker has heartbeats of its own, or the beats of one would hide that its neighbour hangs.
"""

import errno
import hashlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import count

from django.conf import settings
from django.db import DatabaseError, connection

from backoffice.orphans import die_with_parent
from integrations.models import Heartbeat
from integrations.worker import HOST, silent_since

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
START_SECONDS = 20.0  # a new cluster's first beat
SILENT_SECONDS = 15.0  # then: beats come every five seconds
STOP_SECONDS = 25.0  # a drain lasts 20 s at the most


def _die_with_us() -> None:
    die_with_parent(signal.SIGKILL)


def own_name(name: str) -> tuple[str, socket.socket | None]:
    """`name`, or `name-2`, `name-3`, … while other workers of this host use those, and what keeps the name ours.

    The kernel keeps it and gives it back however we die; only workers of the same database are in each other's way.
    Without Linux every worker of a host needs its WORKER_NAME.
    """
    if sys.platform != "linux":
        return name, None
    database = connection.get_connection_params()
    site = [database.get(key) for key in ("host", "port", "dbname")]
    for number in count(1):
        own = name if number == 1 else f"{name}-{number}"
        keeper = socket.socket(socket.AF_UNIX)
        try:
            keeper.bind(f"\0backoffice:{hashlib.sha256(repr([site, own]).encode()).hexdigest()}")
        except OSError as error:
            keeper.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        return own, keeper
    raise AssertionError("count() has no end")


class Supervisor:
    """Runs until SIGTERM or SIGINT; then lets running drains finish."""

    def __init__(self) -> None:
        self.name, self._name_is_ours = own_name(HOST)
        self.stopping = threading.Event()
        self.cluster: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def run(self) -> None:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stopping.set())
        self._start()
        while not self.stopping.wait(LOOK_SECONDS):
            reason = self._trouble()
            if reason:
                logger.error("Replacing the cluster: %s", reason)
                self._kill()
                self._start()
        self._stop()

    def _start(self) -> None:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--cluster"]
        environment = os.environ | {"WORKER_NAME": self.name}
        self.cluster = subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=_die_with_us)
        self.started_at = time.monotonic()

    def _trouble(self) -> str | None:
        """Why the cluster must be replaced, None while it is well or we cannot know (no database)."""
        assert self.cluster is not None
        if self.cluster.poll() is not None:
            return f"it ended with status {self.cluster.returncode}"
        try:
            beaten = silent_since(Heartbeat.objects.filter(host=self.name))
        except DatabaseError:
            connection.close()
            return None
        age = time.monotonic() - self.started_at
        silent = age if beaten is None else beaten.total_seconds()
        if silent > SILENT_SECONDS and age > START_SECONDS:
            return f"no task ran for {silent:.0f} s"
        return None

    def _kill(self) -> None:
        assert self.cluster is not None
        try:
            os.killpg(self.cluster.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.info("The cluster's processes were gone already.")
        self.cluster.wait()

    def _stop(self) -> None:
        assert self.cluster is not None
        self.cluster.terminate()
        try:
            self.cluster.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.error("The cluster did not stop in time.")
        self._kill()
