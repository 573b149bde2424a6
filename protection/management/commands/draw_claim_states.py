from typing import Any

from django.core.management.base import BaseCommand

from protection.models import Claim
from protection.verbs import AGENT, CUSTOMER, PARTNER, SYSTEM, VERBS

HEAD = """# The states of a claim

Drawn from `Claim.MOVES` and `protection.verbs.VERBS` by `manage.py draw_claim_states >
docs/claim-states.md`; a test compares the two.
`outcome` says how a claim ended, `next_actor` who must act; neither is a state.

```mermaid
stateDiagram-v2
    [*] --> draft
"""


def drawing() -> str:
    """The page docs/claim-states.md, from the table of moves itself."""
    moves = [f"    {before} --> {after}" for before, afters in Claim.MOVES.items() for after in sorted(afters)]
    actors = [
        f"| {Claim.State(state).label} | {Claim.Actor(actor).label} |" for state, actor in Claim.NEXT_ACTOR.items()
    ]
    table = ["", "| State | Who acts next |", "|---|---|", *actors]
    return HEAD + "\n".join([*moves, "```", *table, "", *_verbs()]) + "\n"


def _verbs() -> list[str]:
    """Who may do what, and from which state. A lead may what an agent may, and more money."""
    roles = (AGENT, CUSTOMER, PARTNER, SYSTEM)
    lines = ["| A claim can be | in the states | by |", "|---|---|---|"]
    for verb in VERBS.values():
        states = [state for state in Claim.State.values if state in verb.states]
        where = "all" if len(states) == len(Claim.State) else ", ".join(states)
        lines.append(f"| {verb.words} | {where} | {', '.join(role for role in roles if role in verb.roles)} |")
    return lines


class Command(BaseCommand):
    help = "Draw the claim's states as a Mermaid diagram in Markdown, on stdout."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(drawing(), ending="")
