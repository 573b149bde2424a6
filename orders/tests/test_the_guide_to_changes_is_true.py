"""docs/changes.md says what the code does: kinds with their fields, states, verbs."""

import re
from pathlib import Path

from orders.changes.values import ADDRESS_FIELDS
from orders.changes_api import KINDS, DecideChange
from orders.models import Change

GUIDE = (Path(__file__).parents[2] / "docs" / "changes.md").read_text()
ROWS = dict(re.findall(r"^\| `([a-z_]+)` \| (.*)$", GUIDE, re.M))


def test_every_kind_is_told_with_its_fields():
    assert set(KINDS) == ROWS.keys() - {"kind", "status", *Change.State.values}
    for kind, asked in KINDS.items():
        for field in asked.required:
            assert f"**`{field}`**" in ROWS[kind], kind
        for field in asked.optional:
            assert f"`{field}`" in ROWS[kind].replace("**", ""), (kind, field)
    for field in ADDRESS_FIELDS:
        assert f"`{field}`" in ROWS["address"]


def test_every_state_and_verb_is_told():
    assert set(Change.State.values) <= ROWS.keys()
    for verb in DecideChange.verbs:
        assert f"`{verb}`" in GUIDE or f"/{verb}`" in GUIDE
