"""Starting, stopping, and going on where a killed process stood."""

from pathlib import Path

import pytest
import requests

from sandbox.tests import running
from sandbox.tests.polling import until
from sandbox.tests.receiving import Receiver


def test_retries_numbers_and_ids_go_on_after_a_kill(tmp_path: Path, receiver: Receiver):
    receiver.always = 503
    first = running.start(tmp_path)
    first.subscribe("ORDERS_CREATE", receiver.url)
    placed = [first.place()["id"] for _ in range(3)]
    receiver.wait_for(3)
    # Kill it only when it has noted down all three answers.
    until(lambda: all(one["tries"] == 1 for one in first.get("/sandbox/deliveries.json")["deliveries"]))
    first.kill()
    receiver.always = None
    second = running.start(tmp_path)
    try:
        # Their first retry is due a minute after the first try, killed or not.
        assert second.get("/sandbox/deliveries.json")["counts"] == {"waiting": 3}
        third = second.place()
        assert third["name"] == "#1004"
        assert third["id"] not in placed
        assert receiver.wait_for(4)[3].body["id"] == third["id"]
    finally:
        second.kill()


def test_what_was_never_tried_is_sent_at_once_after_a_kill(tmp_path: Path, receiver: Receiver):
    first = running.start(tmp_path)
    # Late on purpose: the process dies while the webhooks wait.
    first.post("/sandbox/faults.json", reorder=1.0)
    first.subscribe("ORDERS_CREATE", receiver.url)
    placed = {first.place()["id"] for _ in range(20)}
    first.kill()
    second = running.start(tmp_path)
    try:
        came = receiver.wait_for(20)
        assert {one.body["id"] for one in came} == placed
    finally:
        second.stop()


def test_it_stops_within_two_seconds(tmp_path: Path):
    sandbox = running.start(tmp_path)
    idle = requests.Session()
    idle.get(f"{sandbox.url}/livez", timeout=5)
    assert sandbox.stop() < 2
    assert sandbox.process.returncode == 0
    idle.close()


def test_a_taken_port_is_said_aloud(tmp_path: Path):
    first = running.start(tmp_path)
    port = int(first.url.rsplit(":", 1)[1])
    try:
        with pytest.raises(RuntimeError, match="did not start"):
            running.start(tmp_path, port=port, data=tmp_path / "other.sqlite3")
    finally:
        first.stop()
