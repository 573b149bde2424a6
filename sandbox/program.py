"""The running stand-in: its store, its sender and its settings, for the views to find."""

from dataclasses import dataclass
from pathlib import Path

from sandbox import shops
from sandbox.cost import Buckets
from sandbox.faults import Faults
from sandbox.sender import Sender
from sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Program:
    """All that lives as long as the process."""

    store: Store
    sender: Sender
    faults: Faults
    buckets: Buckets


_running: list[Program] = []


def start(*, data: Path, shop: str, token: str, secret: str, speed: float) -> Program:
    """Open the store, give the first shop its credentials, send what is unsent."""
    store = Store(data)
    with store.write() as writing:
        shops.add_or_update(writing, domain=shop, token=token, secret=secret)
    faults = Faults()
    program = Program(store, Sender(store, faults, speed), faults, Buckets())
    program.sender.start()
    _running[:] = [program]
    return program


def running() -> Program:
    """The program the current process is."""
    return _running[0]


def stop(program: Program) -> None:
    """Finish what is under way, within about a second."""
    program.sender.stop()
    program.store.close()
