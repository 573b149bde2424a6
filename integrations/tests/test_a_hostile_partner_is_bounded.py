"""Whatever a partner does, an attempt ends in time, with the promised outcome, and costs the others nothing.

All behaviours of `hostile` run at once, through both ways out and with a good partner beside them; the tests then read
what became of each. It takes as long as one attempt may: 15 s.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests.adapters

from integrations import handles, transport
from integrations.answers import Answer, retry_after
from integrations.errors import GiveUp, RetryLater
from integrations.tests import hostile_partner
from integrations.tests.hostile import ANY, BEHAVIOURS, Expected
from integrations.tests.hostile_partner import BLACK_HOLE, GOOD_PARTNER, TRAP, Hostile
from integrations.transfers import Outcome, Request, Transfers

LONGEST = 16.0
MOST_MEMORY = 256 * 1024 * 1024
ALL = [*BEHAVIOURS, BLACK_HOLE]
WAYS = ["transfers", "post"]


@dataclass
class Storm:
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)  # by way and name
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    good: list[float] = field(default_factory=list)  # seconds that the good partner took, each time
    good_failed: list[Outcome] = field(default_factory=list)
    memory: int = 0  # bytes more than before, at the most
    descriptors: int = 0  # left open by Transfers
    seen: dict[str, dict[str, int]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def storm(tmp_path_factory) -> Iterator[Storm]:
    folder = tmp_path_factory.mktemp("hostile")
    with hostile_partner.running(folder) as partner, pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", partner.ca_file)
        storm = Storm()
        posts = [threading.Thread(target=_post, args=[storm, name, _request(partner, name)]) for name in ALL]
        for thread in posts:
            thread.start()
        _transfer(storm, partner)
        for thread in posts:
            thread.join()
        storm.seen = partner.seen()
        yield storm


def _request(partner: Hostile, name: str) -> Request:
    size = BEHAVIOURS[name].sends if name in BEHAVIOURS else 200
    return Request(partner.urls[name], b"z" * size, {"Content-Type": "application/json"})


def _post(storm: Storm, name: str, request: Request) -> None:
    began = time.monotonic()
    try:
        storm.outcomes["post", name] = transport.post(request.url, request.body, request.headers)
    except (RetryLater, GiveUp) as outcome:
        storm.outcomes["post", name] = outcome
    storm.seconds["post", name] = time.monotonic() - began
    transport._threads.session.close()


def _transfer(storm: Storm, partner: Hostile) -> None:
    before, open_before = _memory(), _descriptors()
    transfers = Transfers(ca_file=partner.ca_file)
    began = asked = time.monotonic()
    for name in ALL:
        transfers.start(name, _request(partner, name))
    good = _request(partner, GOOD_PARTNER)
    transfers.start(GOOD_PARTNER, good)
    while transfers.in_flight > 1 and time.monotonic() - began < LONGEST + 5:
        for key, outcome in transfers.wait(1.0):
            name = str(key)
            if name != GOOD_PARTNER:
                storm.outcomes["transfers", name] = outcome
                storm.seconds["transfers", name] = time.monotonic() - began
                continue
            storm.good.append(time.monotonic() - asked)
            if not isinstance(outcome, Answer):
                storm.good_failed.append(outcome)
            asked = time.monotonic()
            transfers.start(GOOD_PARTNER, good)
        storm.memory = max(storm.memory, _memory() - before)
    transfers.close()
    storm.descriptors = len(_descriptors(of_ours=True) - open_before)


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _descriptors(*, of_ours: bool = False) -> set[str]:
    """Open epolls and eventfds: sockets come and go with the threads of `post`."""
    links = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue
        if not of_ours or "anon_inode" in target:
            links.add(f"{entry.name} {target}")
    return links


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_has_its_outcome(storm, way, name):
    expected, outcome = BEHAVIOURS[name].expected, storm.outcomes[way, name]
    assert _kind(outcome) in expected.kind, repr(outcome)
    if expected.status != ANY:
        assert outcome.status == expected.status, repr(outcome)
    if isinstance(outcome, Answer):
        _check_answer(outcome, expected)


def test_one_byte_chunks_are_cut_before_they_cost_a_core(storm):
    assert len(storm.outcomes["transfers", "endless chunks of one byte"].body) == handles.MOST_PIECES + 1


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, Answer):
        return "answer"
    return "later" if isinstance(outcome, RetryLater) else outcome.parked


def _check_answer(answer: Answer, expected: Expected) -> None:
    assert "\0" not in answer.text
    assert not any("\0" in text for pair in answer.headers.items() for text in pair)
    if expected.length != ANY:
        assert len(answer.body) == expected.length
    if expected.after is None:
        assert retry_after(answer) is None
    elif isinstance(expected.after, tuple):
        least, most = expected.after
        assert least <= (retry_after(answer) or 0.0) <= most


@pytest.mark.parametrize("way", WAYS)
def test_a_black_hole_is_left_after_three_seconds(storm, way):
    assert isinstance(storm.outcomes[way, BLACK_HOLE], RetryLater)
    assert 2.5 < storm.seconds[way, BLACK_HOLE] < 6


@pytest.mark.parametrize("way", WAYS)
def test_no_attempt_takes_longer_than_16_seconds(storm, way):
    slow = {name: seconds for (by, name), seconds in storm.seconds.items() if by == way and seconds > LONGEST}
    assert slow == {}
    assert len(BEHAVIOURS) >= 30


def test_nobody_follows_a_redirect(storm):
    assert TRAP not in storm.seen["connections"]


@pytest.mark.parametrize("kind", ["expired", "wrong host", "self-signed", "TLS 1.0", "TLS 1.1"])
def test_nothing_is_sent_to_a_server_that_is_not_who_it_should_be(storm, kind):
    assert storm.seen["connections"][f"TLS: {kind}"] >= 2  # one for each way
    assert f"TLS: {kind}" not in storm.seen["received"]
    assert storm.seen["received"]["TLS as it should be"] > 0


def test_memory_stays_small(storm):
    assert storm.memory < MOST_MEMORY


def test_a_good_partner_beside_them_is_answered_all_the_time(storm):
    assert storm.good_failed == []
    assert len(storm.good) > 100
    assert sorted(storm.good)[len(storm.good) * 95 // 100] < 1.0


def test_nothing_is_left_open(storm):
    assert storm.descriptors == 0
