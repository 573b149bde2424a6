"""docs/claims-api.md names every problem that claims can answer with, and every address."""

import ast
import re
from pathlib import Path

from protection import urls

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "claims-api.md").read_text()
MODULES = ("eligibility", "filing", "asking", "arrivals", "appeals", "verbs", "reversing", "api/claims",
           "api/claim_verbs", "api/reasons", "api/resolutions")  # fmt: skip
STAFF_ONLY = {"nothing_asked", "nothing_found", "not_in_doubt", "reason_needed"}
CODE_AT = {"ClaimRefused": 0, "DecisionRefused": 1, "Problem": 1}


def codes_of(module: str) -> set[str]:
    """Codes that are raised, and those that `why_not_claimable` returns."""
    tree = ast.parse((ROOT / "protection" / f"{module}.py").read_text())
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in CODE_AT and len(args) > CODE_AT[name]:
                match args[CODE_AT[name]]:
                    case ast.Constant(value=str(code)):
                        found.add(code)
            case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=str(code)), _])):
                found.add(code)
    return found


def test_every_problem_is_in_the_guide_and_no_other() -> None:
    raised = set().union(*(codes_of(module) for module in MODULES)) - STAFF_ONLY
    told = set(re.findall(r"^\| `([a-z_]+)` \| \d", GUIDE, re.MULTILINE))
    assert told == raised


def test_every_address_of_claims_is_in_the_guide() -> None:
    addresses = {re.sub(r"<slug:\w+>", "{id}", str(route.pattern)) for route in urls.urlpatterns}
    about_claims = {
        a for a in addresses if a.startswith(("claims", "reasons", "resolutions")) or a.endswith("eligibility")
    }
    told = set(re.findall(r"`(?:GET|POST) /v1/([a-z_/{}]+)", GUIDE))
    assert {a for a in about_claims if "evidence" not in a} <= told
    assert told <= addresses
