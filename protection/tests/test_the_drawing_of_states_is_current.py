from pathlib import Path

from protection.management.commands import draw_claim_rules, draw_claim_states

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_shows_the_moves_that_the_code_allows():
    assert (DOCS / "claim-states.md").read_text() == draw_claim_states.drawing()


def test_the_page_shows_the_rules_that_the_code_begins_with():
    assert (DOCS / "claim-rules.md").read_text() == draw_claim_rules.page()
