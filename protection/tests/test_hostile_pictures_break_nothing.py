"""Damaged and hostile pictures: each is made anew or refused by name, in bounded time, and no note of it leaves.

Sixty go with every run, a thousand, with every bomb and trick among them, with `make test-slow`.
"""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from protection import photos
from protection.photos import PhotoRefused, develop, received
from protection.tests.photos import CANARY, bombs, damaged, marked, others, two_faced

SEED = 20261126


def outcome(raw: bytes) -> str:
    """What became of it; an assertion fails where anything but a clean new picture comes out."""
    try:
        with received(io.BytesIO(raw)) as original:
            new = develop(original)
    except PhotoRefused as refusal:
        return refusal.code
    for made in (new.picture, new.thumbnail):
        assert CANARY not in made
        assert b"Exif" not in made
        with Image.open(io.BytesIO(made), formats=("JPEG", "PNG")) as picture:
            picture.load()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert new.taken_at == "" or new.taken_at[4] == "-"
    return "taken"


def tally(pictures: list[bytes]) -> Counter[str]:
    with ThreadPoolExecutor(2) as rooms:
        return Counter(rooms.map(outcome, pictures))


def check(found: Counter[str], count: int) -> None:
    assert sum(found.values()) == count
    assert not found["busy"]
    assert found["damaged"] > count / 10  # the harm was real
    assert found["taken"] > count / 20  # and not all of it deadly


def test_sixty_of_them_break_nothing() -> None:
    check(tally(list(damaged(SEED, 60))), 60)
    assert outcome(marked("JPEG")) == "taken"  # and the next one is served as if nothing had been


@pytest.mark.slow
def test_a_thousand_of_them_break_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "WAIT_SECONDS", 60.0)
    worst = [*bombs().values(), *two_faced().values(), *others().values()]
    found = tally([*worst, *damaged(SEED + 1, 1000 - len(worst))])
    print(found)
    check(found, 1000)
    assert outcome(marked("JPEG")) == "taken"
