"""Starting, stopping, and going on where a killed process stood."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver
from sandbox.tests.running import Sandbox

Start = Callable[..., Sandbox]


def test_retries_numbers_and_ids_go_on_after_a_kill(start: Start, receiver: Receiver):
    receiver.always = 503
    first = start()
    first.subscribe("ORDERS_CREATE", receiver.url)
    placed = [first.place()["id"] for _ in range(3)]
    receiver.wait_for(3)
    # Kill it only when it has noted down all three answers.
    until(lambda: all(one["tries"] == 1 for one in first.get("/sandbox/deliveries.json")["deliveries"]))
    first.kill()
    receiver.always = None
    second = start()
    # Their first retry is due a minute after the first try, killed or not.
    assert second.get("/sandbox/deliveries.json")["counts"] == {"waiting": 3}
    fourth = second.place()
    assert fourth["name"] == "#1004"
    assert fourth["id"] not in placed
    assert receiver.wait_for(4)[3].body["id"] == fourth["id"]


def test_what_was_never_tried_is_sent_at_once_after_a_kill(start: Start, receiver: Receiver):
    first = start()
    # Late on purpose: the process dies while the webhooks wait.
    first.post("/sandbox/faults.json", reorder=1.0)
    first.subscribe("ORDERS_CREATE", receiver.url)
    placed = {first.place()["id"] for _ in range(20)}
    first.kill()
    start()
    until(lambda: {one.body["id"] for one in receiver.webhooks} == placed)


def test_it_stops_within_two_seconds(start: Start):
    sandbox = start()
    with requests.Session() as idle:
        idle.get(f"{sandbox.url}/livez", timeout=5)
        assert sandbox.stop() < 2
    assert sandbox.process.returncode == 0


def test_a_taken_port_is_said_aloud(start: Start, tmp_path: Path):
    port = int(start().url.rsplit(":", 1)[1])
    with pytest.raises(RuntimeError, match="did not start"):
        start(port=port, data=tmp_path / "other.sqlite3")
