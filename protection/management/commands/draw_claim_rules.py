from typing import Any

from django.core.management.base import BaseCommand

from protection.default_rules import DEFAULTS
from protection.models import Claim, ReasonRule
from protection.rules import rule_text

HEAD = """# The rules every shop begins with

Drawn from `protection.default_rules` by `manage.py draw_claim_rules > docs/claim-rules.md`; a test compares them.
A shop changes a rule by a new version with a day of its own (console: *Reason rules*): the version in force on the
order's day applies, and one that is in force is never changed.

| Reason | Rule | Asked |
|---|---|---|
"""


def page() -> str:
    """The page docs/claim-rules.md, in the words that customers read."""
    return HEAD + "".join(_row(reason, fields) for reason, fields in DEFAULTS.items())


def _row(reason: str, fields: dict[str, Any]) -> str:
    rule = ReasonRule(reason=reason, number=1, **fields)
    questions = " ".join(rule.questions) or "nothing"
    return f"| {Claim.Reason(reason).label} (`{reason}`) | {rule_text(rule)} | {questions} |\n"


class Command(BaseCommand):
    help = "Write the default rules in plain words as Markdown, on stdout."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
