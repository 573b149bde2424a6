"""docs/routing-rules.md names every field, comparison, action, code and reason there is, and no other field."""

import re
from pathlib import Path

from protection.models import RoutingVersion
from protection.routing.caps import WHY_LEFT
from protection.routing.vocabulary import FIELDS, OPERATORS_OF

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/routing-rules.md").read_text()
CODES = re.compile(r'RuleInvalid\(\s*"(\w+)"')


def test_every_field_is_in_the_table_with_its_comparisons():
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", GUIDE, re.MULTILINE))
    assert rows == {
        name: ", ".join(f"`{operator}`" for operator in OPERATORS_OF[asked.kind]) for name, asked in FIELDS.items()
    }


def test_every_action_code_and_reason_is_named():
    code = "".join(path.read_text() for path in (ROOT / "protection/routing").glob("*.py"))
    found = set(CODES.findall(code))
    assert len(found) > 20
    names = {*found, *WHY_LEFT, *RoutingVersion.Action.values}
    assert [name for name in sorted(names - {"invalid_days"}) if f"`{name}`" not in GUIDE] == []
