from pathlib import Path

from protection.management.commands.draw_claim_states import drawing

PAGE = Path(__file__).resolve().parents[2] / "docs" / "claim-states.md"


def test_the_page_shows_the_moves_that_the_code_allows():
    assert PAGE.read_text() == drawing()
