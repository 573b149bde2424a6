"""The page of a back-test: how far it is, what was found, as a drawing and as a table, and whose claims flip."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from backoffice.console.pages import ConsolePage
from orders.money import Money
from protection.models import BackTest
from protection.routing.actions import sentence
from protection.routing.reporting import Group, flip_words, flips, groups, matched
from protection.routing.trying import from_said

SHOWN = 200
NAME, LONGEST = 40, 50  # percent of the drawing
BAR, GAP, TEXT = 22, 6, 15  # px: a bar's height, between two, and from its top to the foot of its text


@dataclass(frozen=True, slots=True)
class Drawn:
    """One group as a bar; `width` in percent of the drawing."""

    group: Group
    figure: int | Money
    y: int
    text_y: int
    width: float

    @property
    def end(self) -> float:
        """Where its figure stands."""
        return NAME + self.width + 1


class BackTestPage(ConsolePage):
    """To read only; it draws itself again while the test is under way."""

    template_name = "protection/back_test.html"

    def load(self, pk: int) -> BackTest | None:
        return BackTest.objects.select_related("version__rule__shop").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        test: BackTest = self.subject
        found = groups(test)
        cases = list(flips(test, SHOWN))
        return {
            "title": str(test),
            "test": test,
            "rule": test.version.rule,
            "words": sentence(from_said(test.version, test.said)),
            "percent": 100 * test.looked_at // test.total if test.total else 100,
            "running": test.state == BackTest.State.RUNNING,
            "groups": found,
            "fit": matched(found),
            "flipped": sum(group.claims for group in found if group.flips),
            "drawings": [
                {"title": "Claims", "bars": drawn(found, lambda group: group.claims)},
                {"title": "What they are worth", "bars": drawn(found, lambda group: group.value)},
            ],
            "height": max(1, len(found)) * (BAR + GAP) + GAP,
            "cases": [(case, flip_words(case)) for case in cases],
            "more": sum(group.claims for group in found if group.flips) - len(cases),
        }


def drawn(found: list[Group], figure: Callable[[Group], int | Money]) -> list[Drawn]:
    """The groups as bars, as long as their figures say."""
    figures = [figure(group) for group in found]
    sizes = [Decimal(one if isinstance(one, int) else one.amount) for one in figures]
    most = max(sizes, default=Decimal(0)) or Decimal(1)
    return [
        Drawn(
            group,
            one,
            GAP + place * (BAR + GAP),
            GAP + place * (BAR + GAP) + TEXT,
            round(float(LONGEST * size / most), 2),
        )
        for place, (group, one, size) in enumerate(zip(found, figures, sizes, strict=True))
    ]
