"""The stage of a run: one instance, a partner that keeps a diary, and what is known of both when the run is over."""

import json
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests import processes, running
from tests.chaos import load
from tests.chaos.checker import Asked, History, Message, Remedy, Told
from tests.chaos.customers import Customers
from tests.chaos.load import Ledger, Load, Shop
from tests.chaos.partner import Partner, listening
from tests.chaos.watch import Watch
from tests.running import SHOP, Instance

PARTNER = "Demo partner"  # whose key the customers use
BACKLOG = 400  # messages that wait; then the load waits too, whatever this machine can do
SETTLE_SECONDS = 150.0


class Scene:
    """A running instance with a partner endpoint that wants everything."""

    def __init__(self, backoffice: Instance, partner: Partner, points: Path, seed: int) -> None:
        self.backoffice = backoffice
        self.partner = partner
        self.points = points
        self.seed = seed
        self.began = time.monotonic()
        self.ledger = Ledger()
        # The demo's endpoint is the sandbox's own page: slow, and not under test here.
        backoffice.execute(
            "UPDATE integrations_connection SET events = '[]' WHERE public_id = %s", backoffice.demo["endpoint"]
        )
        processes.wait_until(lambda: not self._open(), 60, "the start to be over")
        facts = json.loads(
            backoffice.manage("add_endpoint", "--partner", PARTNER, "--url", partner.url, "--shops", SHOP)
        )
        self.endpoint, partner.secret = facts["endpoint"], facts["secret"]
        self.connection = backoffice.value("SELECT id FROM integrations_connection WHERE public_id = %s", self.endpoint)
        self._first = backoffice.value("SELECT COALESCE(max(id), 0) FROM orders_journalentry")
        self.watch = Watch(backoffice, self.connection)
        self.watch.start()
        self.shop = Shop(backoffice, seed)
        self.decided = self.sent_again = self.asked = 0

    def load(self, count: int, rate: float) -> Load:
        """`count` webhooks at `rate` a second at the most; fewer while the inbox is full. Started by the caller."""
        webhooks = self.shop.webhooks(count)
        return Load(self.backoffice, self.ledger, webhooks, rate, lambda: self.watch.backlog[0] < BACKLOG, self.seed)

    def customers(self, seconds: float, turn: int = 0) -> Customers:
        """A journey every `seconds`. Started by the caller, ended with `finish`."""
        return Customers(self.backoffice, self.endpoint, self.seed + turn, seconds)

    def finish(self, *customers: Customers) -> None:
        """Wait for the journeys that are under way, and add up what they did; raises what went wrong in any."""
        for customer in customers:
            customer.finish()
            self.decided += customer.decided
            self.asked += customer.asked
            self.sent_again += customer.sent_again

    def settle(self, seconds: float = SETTLE_SECONDS, but: Collection[str] = ()) -> dict[str, int]:
        """Wait until nothing is left to do `but` these; returns what still is when the time is over."""
        give_up = time.monotonic() + seconds
        left: dict[str, int] = {"database": 1}
        while left and time.monotonic() < give_up:
            try:
                left = {name: count for name, count in self._open().items() if name not in but}
            except (psycopg.Error, OSError):
                left = {"database not answering": 1}
            time.sleep(0.2)
        return left

    def keep_evidence(self, say: Callable[[str], None]) -> None:
        """Copy the logs to where they outlive the instance."""
        kept = Path(tempfile.mkdtemp(prefix="chaos-evidence-"))
        shutil.copytree(self.backoffice.directory / "log", kept / "log")
        with (kept / "arrivals.tsv").open("w") as file:
            file.writelines("\t".join(map(str, arrival)) + "\n" for arrival in self.partner.arrivals)
        say(f"Logs and arrivals are kept in {kept}")

    def _open(self) -> dict[str, int]:
        counts = {name: self.backoffice.value(sql) for name, sql in OPEN.items()}
        counts["webhooks the shop has still to send"] = self._waiting_at_the_shop()
        return {name: count for name, count in counts.items() if count}

    def _waiting_at_the_shop(self) -> int:
        counts: dict[str, int] = self.backoffice.look("/sandbox/deliveries.json", limit=1)["counts"]
        return sum(count for state, count in counts.items() if state != "delivered")

    def history(self, left_over: dict[str, int]) -> History:
        """Everything the checker wants to know; call it when the run has settled."""
        rows = self.backoffice.rows
        at_the_shop, carrying = self._orders_at_the_shop()
        cards = self._cards_at_the_shop()
        endpoint = "SELECT e.public_id, d.state, d.parked_because, d.fence FROM integrations_delivery d"
        endpoint += " JOIN orders_journalentry e ON e.id = d.entry_id WHERE d.connection_id = %s"
        return History(
            accepted=set(self.ledger.accepted),
            messages=[
                Message(*row) for row in rows("SELECT delivery_key, state, result FROM integrations_inboundmessage")
            ],
            expected_orders=at_the_shop | load.expected([self.ledger]),
            orders=[(row[0], row[1]) for row in rows("SELECT remote_id, note FROM orders_order")],
            journal={row[0] for row in rows("SELECT public_id FROM orders_journalentry WHERE id > %s", self._first)},
            created=[
                str(row[0]) for row in rows("SELECT order_id FROM orders_journalentry WHERE action = 'order.created'")
            ],
            told=[Told(*row) for row in rows(endpoint, self.connection)],
            arrivals=list(self.partner.arrivals),
            remedies=[
                Remedy(str(uuid), state, home, claim, carrying.get(str(uuid), 0))
                for uuid, state, home, claim in rows(REMEDIES)
            ],
            decided=self.decided,
            changes=[Asked(*row, cards.get(row[0], 0)) for row in rows(CHANGES)],
            asked=self.asked,
            left_over=left_over,
        )

    def _orders_at_the_shop(self) -> tuple[dict[int, str], dict[str, int]]:
        """(order → note, UUID → how many orders carry it), from the stand-in's own file."""
        with closing(sqlite3.connect(self.backoffice.directory / "sandbox.sqlite3")) as file:
            notes = {pk: json.loads(text)["note"] or "" for pk, text in file.execute("SELECT id, document FROM orders")}
            sql = "SELECT source_identifier, count(*) FROM orders WHERE source_identifier IS NOT NULL GROUP BY 1"
            return notes, dict(file.execute(sql).fetchall())

    def _cards_at_the_shop(self) -> Counter[str]:
        """How many gift cards carry each change's id, from the stand-in's own file."""
        with closing(sqlite3.connect(self.backoffice.directory / "sandbox.sqlite3")) as file:
            cards = file.execute("SELECT document FROM records WHERE kind = 'gift_card'").fetchall()
        return Counter(json.loads(text)["note"].strip("()") for (text,) in cards)


OPEN = {
    "messages due": "SELECT count(*) FROM integrations_inboundmessage WHERE due_at IS NOT NULL",
    "deliveries open": "SELECT count(*) FROM integrations_delivery WHERE state IN ('pending', 'sending', 'retrying')",
    "leases held": "SELECT count(*) FROM integrations_delivery WHERE lease_until IS NOT NULL",
    "deliveries behind nothing": "SELECT count(*) FROM integrations_delivery WHERE behind IS NOT NULL",
    "drains at work or locks of the dead": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "remedies under way": "SELECT count(*) FROM protection_resolution WHERE state = 'queued'"
    " OR (state = 'executed' AND replacement_order_id IS NULL)",
    "changes under way": "SELECT count(*) FROM orders_change WHERE state IN ('queued', 'running')",
    "heartbeats stale": "SELECT count(*) FROM integrations_heartbeat WHERE beat_at < now() - interval '15 s'",
}
CHANGES = "SELECT public_id, kind, state FROM orders_change"
REMEDIES = (
    "SELECT r.uuid, r.state, r.replacement_order_id IS NOT NULL, c.state FROM protection_resolution r"
    " JOIN protection_claim c ON c.id = r.claim_id"
)


@contextmanager
def staged(
    seed: int, points: Path, *, misbehaves: float = 0.01, prepare: Callable[[Path], None] = lambda directory: None,
    **environment: str,
) -> Iterator[Scene]:  # fmt: skip
    """A scene with failpoints in the directory `points`; everything ends with the block. Else as running.instance."""
    settings: dict[str, Any] = {"FAILPOINTS": str(points), "UNDO_SECONDS": "1"}
    settings |= {"REPLACEMENTS_PER_HOUR": "1000000", **environment}
    with listening(misbehaves, seed) as partner, running.instance(prepare=prepare, **settings) as backoffice:
        scene = Scene(backoffice, partner, points, seed)
        try:
            yield scene
        finally:
            scene.watch.finish()
