"""Queues outside the database for a test to start and kill: Redis itself, and a stand-in for Amazon's SQS.

Neither is needed for anything else, so neither is installed by `make up`; without them their tests skip and say why.
Client libraries may also lie in a directory that PYTHONPATH names.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.processes import wait_until


class Carrier:
    """A server of our own on a free port of loopback."""

    program = library = fix = ""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    @property
    def environment(self) -> dict[str, str]:
        """What an instance needs in its environment to use it."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Return once it answers."""
        with (self.directory / "log").open("a") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.directory)
        wait_until(self._answers, 20, f"{self.program} to answer")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class RedisServer(Carrier):
    """Keeps nothing on disk: what it carries may be lost."""

    program, library, fix = "redis-server", "redis", "apt-get install redis-server; pip install redis"

    @property
    def environment(self) -> dict[str, str]:
        return {"QUEUE": f"redis://127.0.0.1:{self.port}/0"}

    def command(self) -> list[str]:
        return [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]


class StandInForSqs(Carrier):
    """moto's server speaks Amazon's protocol; that the real one behaves the same is not shown by it."""

    program, library, fix = "moto_server", "boto3", "pip install boto3 'moto[server]'"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "QUEUE": "sqs://eu-west-1/backoffice-test",
            "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def command(self) -> list[str]:
        return [self.program, "-H", "127.0.0.1", "-p", str(self.port)]


CARRIERS = {"redis": RedisServer, "sqs": StandInForSqs}


@contextmanager
def carrier(name: str) -> Iterator[Carrier]:
    """One that runs, gone afterwards; skips the test when the machine has none."""
    kind = CARRIERS[name]
    if shutil.which(kind.program) is None or find_spec(kind.library) is None:
        pytest.skip(f"{kind.program} or the library {kind.library} is not here: {kind.fix}")
    directory = Path(tempfile.mkdtemp(prefix="carrier-"))
    running = kind(directory)
    try:
        running.start()
        yield running
    finally:
        running.kill()
        shutil.rmtree(directory, ignore_errors=True)


def where_libraries_lie() -> dict[str, str]:
    """PYTHONPATH for processes of an instance, where this one has it."""
    return {"PYTHONPATH": os.environ["PYTHONPATH"]} if os.environ.get("PYTHONPATH") else {}
