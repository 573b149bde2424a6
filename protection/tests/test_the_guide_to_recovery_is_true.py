"""docs/recovery.md says what the code does: moves, verbs, roles, calls, scopes and codes."""

import ast
import re
from pathlib import Path

from backoffice.models.api_key import SCOPES
from protection.api import recoveries
from protection.models import Recovery
from protection.recovery.actors import VERBS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "recovery.md").read_text()


def test_moves_and_verbs_are_those_of_the_code() -> None:
    for state, targets in Recovery.MOVES.items():
        assert f"| `{state}` | {', '.join(f'`{one}`' for one in sorted(targets))} |" in GUIDE
    for verb in VERBS.values():
        states = ", ".join(f"`{state}`" for state in sorted(verb.states))
        assert f"| {verb.words} | {states} | {', '.join(sorted(verb.roles))} |" in GUIDE


def test_calls_scopes_and_codes_are_those_of_the_code() -> None:
    assert {scope for scope in SCOPES if scope.startswith("recoveries:")} == set(
        re.findall(r"\| `(recoveries:\w+)` \|", GUIDE)
    )
    for name in (*recoveries.FILTERS, *recoveries.MOMENTS, *recoveries.ANSWERS):
        assert f"`{name}`" in GUIDE
    raised = set()
    for module in ("filing", "actors"):
        for node in ast.walk(ast.parse((ROOT / "protection" / "recovery" / f"{module}.py").read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "RecoveryRefused":
                assert isinstance(node.args[0], ast.Constant)
                raised.add(str(node.args[0].value))
    not_by_api = {"not_allowed", "reference_missing", "other_carrier"}
    assert {code for code in raised - not_by_api if f"`{code}`" not in GUIDE} == set()
