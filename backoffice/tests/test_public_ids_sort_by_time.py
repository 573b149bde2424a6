"""Ids for the outside: a prefix, 26 characters, unique, and in the order of their making."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice import identifiers


def test_an_id_names_its_kind() -> None:
    assert re.fullmatch(r"ord_[0-9a-hjkmnp-tv-z]{26}", identifiers.new("ord"))


def test_many_made_in_the_same_moment_are_all_different() -> None:
    assert len({identifiers.new("evt") for _ in range(20_000)}) == 20_000


@given(st.lists(st.integers(0, (1 << 48) - 1), min_size=2, max_size=20, unique=True))
def test_later_ids_sort_after_earlier_ones(milliseconds: list[int]) -> None:
    made = []
    with pytest.MonkeyPatch.context() as clock:
        for moment in sorted(milliseconds):
            clock.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
            made.append(identifiers.new("clm"))
    assert made == sorted(made)


def test_an_id_fits_its_column() -> None:
    assert len(identifiers.new("abcdefghijkl")) <= 40
