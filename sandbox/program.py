"""The running stand-in: its store, its sender and its settings, for the views to find."""

from dataclasses import dataclass
from pathlib import Path

from sandbox import app_settings, shops
from sandbox.bulk_runs import Runs
from sandbox.cost import Buckets
from sandbox.faults import Faults
from sandbox.jobs import Jobs
from sandbox.scenario import Scenario
from sandbox.sender import Sender
from sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Program:
    """All that lives as long as the process."""

    store: Store
    sender: Sender
    faults: Faults
    buckets: Buckets
    bulk: Runs
    scenario: Scenario
    jobs: Jobs
    client_id: str
    speed: float
    address: str


_running: list[Program] = []


def start(*, data: Path, shop: str, token: str, secret: str, speed: float, client_id: str, address: str) -> Program:
    """Open the store, give the first shop its credentials, send what is unsent."""
    store = Store(data)
    with store.write() as writing:
        shops.add_or_update(
            writing, domain=shop, token=token, secret=app_settings.rotated(writing.connection, shop, secret)
        )
        for known in shops.every(writing.connection):
            shops.furnish(writing, known.domain)
    faults = Faults()
    bulk = Runs(store, faults, speed, data.with_suffix(".bulk"), address)
    sender, scenario, jobs = Sender(store, faults, speed), Scenario(store), Jobs(store, faults, speed)
    program = Program(store, sender, faults, Buckets(), bulk, scenario, jobs, client_id, speed, address)
    program.sender.start()
    program.bulk.start()
    program.jobs.start()
    _running[:] = [program]
    return program


def running() -> Program:
    """The program the current process is."""
    return _running[0]


def stop(program: Program) -> None:
    """Finish what is under way, within about a second."""
    program.scenario.stop()
    program.jobs.stop()
    program.bulk.stop()
    program.sender.stop()
    program.store.close()
