"""Signed webhooks accepted a second, beside bare INSERTs of the same bodies into the same PostgreSQL."""

import hashlib
import random
import re
import subprocess
import tempfile
import zlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from backoffice import postgres
from bench.bodies import Bodies
from bench.figures import Figure, Measured, percentile
from bench.load import OK, Connection, Load, post_all
from bench.scene import Scene
from tests.running import Instance

CONNECTIONS = 32
SECONDS = 4.0
PREPARED = 4_000  # webhooks a second that a round could use up
SAMPLE = 300
HOW = (
    f"{CONNECTIONS} kept connections, {SECONDS:g} s, a raw socket client; "
    f"pgbench -M prepared -c {CONNECTIONS} -j 2, one row a transaction, unique key"
)

ACCEPTED = Figure("webhooks accepted", "a second")
BARE = Figure("bare INSERTs of the same bodies (pgbench)", "a second")
RATIO = Figure("webhooks accepted / bare INSERTs", "", least=0.5)
ACCEPTED_P50 = Figure("webhook accepted, p50", "ms")
ACCEPTED_P99 = Figure("webhook accepted, p99", "ms")
GENERATOR = Figure("load generator's own CPU", "ms a webhook")

# What every ingest that keeps its bodies must do at least: one row, one unique key, one commit.
TABLE = "CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, key text UNIQUE, body jsonb NOT NULL)"
INSERT = "INSERT INTO bench_bare (key, body) VALUES (gen_random_uuid()::text, :body{}::jsonb) ON CONFLICT DO NOTHING;"


def measure(scene: Scene, measured: Measured) -> None:
    """One round."""
    load = webhooks(scene.backoffice, scene.bodies)
    bare = bare_inserts(scene.backoffice, scene.bodies)
    measured.note(ACCEPTED, load.rate)
    measured.note(BARE, bare)
    measured.note(RATIO, load.rate / bare)
    measured.note(ACCEPTED_P50, percentile(load.milliseconds, 50))
    measured.note(ACCEPTED_P99, percentile(load.milliseconds, 99))
    measured.note(GENERATOR, load.cpu_seconds / len(load.accepted) * 1000)


def webhooks(backoffice: Instance, bodies: Bodies) -> Load:
    """One round: post, then prove in SQL that what was answered 200 is there, once and byte for byte."""
    post_all(bodies.address, bodies.make(2_000), connections=CONNECTIONS, seconds=0.5)  # warm
    _empty(backoffice)
    load = post_all(bodies.address, bodies.make(int(PREPARED * SECONDS)), connections=CONNECTIONS, seconds=SECONDS)
    assert not load.refused, load.refused[0]
    _prove(backoffice, bodies, load)
    _empty(backoffice)
    return load


def bare_inserts(backoffice: Instance, bodies: Bodies) -> float:
    """One round of pgbench: prepared statements, one row a transaction, as many connections; returns rows a second."""
    backoffice.execute(TABLE)
    backoffice.execute("TRUNCATE bench_bare")
    with tempfile.TemporaryDirectory() as folder:
        command = [*_pgbench(backoffice), "-c", str(CONNECTIONS), "-j", "2", "-M", "prepared", "-T", f"{SECONDS:.0f}"]
        for number, webhook in enumerate(bodies.make(len(bodies.patterns))):
            script = Path(folder, f"insert{number}.sql")
            script.write_text(INSERT.format(number))
            command += ["-D", f"body{number}={webhook.body.decode()}", "-f", str(script)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found, done.stdout
    assert "number of failed transactions: 0 " in done.stdout
    return float(found[1])


def _prove(backoffice: Instance, bodies: Bodies, load: Load) -> None:
    count = "SELECT count(*) FROM integrations_inboundmessage"
    assert backoffice.value(count) == len(load.accepted)
    for webhook in random.sample(load.accepted, min(SAMPLE, len(load.accepted))):
        [(kept, digest)] = backoffice.rows(
            "SELECT body_zlib, digest FROM integrations_inboundmessage WHERE delivery_key = %s", webhook.webhook_id
        )
        assert hashlib.sha256(zlib.decompress(kept)).digest() == hashlib.sha256(webhook.body).digest() == digest
    connection = Connection(bodies.address)
    assert connection.post(load.accepted[0]).startswith(OK)
    connection.close()
    assert backoffice.value(count) == len(load.accepted), "a repeated webhook made a second row"


def _pgbench(backoffice: Instance) -> list[str]:
    where = parse_qs(urlsplit(backoffice.database_url).query)
    program = str(postgres.programs() / "bin" / "pgbench")
    return [program, "-n", "-h", where["host"][0], "-p", where["port"][0], "-U", "postgres", "-d", "backoffice"]


def _empty(backoffice: Instance) -> None:
    backoffice.execute("TRUNCATE integrations_inboundmessage")
