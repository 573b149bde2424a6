"""The peer: Celery on Redis sends the same events. It is no part of the product and skipped by name when absent."""

import json
import os
import shutil
import site
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.machinery import PathFinder

from bench.sink import Arrival, Sink
from tests.processes import PYTHON, ROOT, wait_until

NAME = "signed POSTs by Celery on Redis"
LIBRARIES = ROOT / "var" / "peers"  # where docs/performance.md has them installed
PROCESSES = 2
SECONDS = 60.0


def missing() -> str:
    """What is not here and how to get it; empty when the peer can run."""
    if shutil.which("redis-server") is None:
        return "redis-server is not installed (apt-get install redis-server)"
    for name in ("celery", "redis"):
        if PathFinder.find_spec(name, _path()) is None:
            return f"the library {name} is not installed (docs/performance.md says how)"
    return ""


def rate(sink: Sink, secret: str, arrivals: Sequence[Arrival]) -> float:
    """POSTs a second of these events by one worker with two processes, from its first arrival to its last.

    All of them are on the queue before the worker starts, and its start is not counted.
    """
    with _redis() as broker:
        environment = {"PEER_BROKER": broker, "PEER_SECRET": secret, "PYTHONPATH": os.pathsep.join(_path())}
        environment |= {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        events = [
            [sink.base + arrival.path, arrival.headers["webhook-id"], arrival.body.decode()] for arrival in arrivals
        ]
        subprocess.run(
            [PYTHON, "-m", "bench.celery_tasks"], cwd=ROOT, env=environment, check=True, text=True,
            input="".join(f"{json.dumps(event)}\n" for event in events),
        )  # fmt: skip
        sink.arrivals.clear()
        command = [PYTHON, "-m", "celery", "-A", "bench.celery_tasks", "worker", "--concurrency", str(PROCESSES)]
        command += ["--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as worker:
            try:
                ended = lambda: len(sink.arrivals) >= len(events) or worker.poll() is not None  # noqa: E731
                wait_until(ended, SECONDS, "all events from Celery")
                assert worker.poll() is None, "Celery's worker ended by itself"
            finally:
                worker.terminate()
    assert len({arrival.headers["webhook-id"] for arrival in sink.arrivals}) == len(events)
    assert all(arrival.is_signed_with(secret) for arrival in sink.arrivals)
    return (len(events) - 1) / (sink.arrivals[-1].at - sink.arrivals[0].at)


def _path() -> list[str]:
    """Where its libraries may lie: their own directory, PYTHONPATH, our environment."""
    return [str(LIBRARIES), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), *site.getsitepackages()]


@contextmanager
def _redis() -> Iterator[str]:
    """The address of a server of our own that keeps nothing on disk."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as server:
            try:
                wait_until(lambda: _answers(port), 20, "Redis to answer")
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                server.terminate()


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
