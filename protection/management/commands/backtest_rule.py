from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper

from protection.models import BackTest, RoutingRule, RoutingVersion
from protection.routing.actions import sentence
from protection.routing.backtesting import begin, carry_on
from protection.routing.conditions import RuleInvalid
from protection.routing.reporting import flip_words, flips, groups, matched

WIDTH = 30
SHOWN = 20


class Command(BaseCommand):
    help = "Try a routing rule on the claims of the past: which it would flip, for how much, and whose they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rule", help="its name or id; its draft is tried, or else its newest version")
        parser.add_argument("--days", type=int, default=90, help="how far to look back, at most 365 (default: 90)")

    def handle(self, *args: Any, **options: Any) -> None:
        version = self.version(options["rule"])
        self.stdout.write(f"{version}: {sentence(version)}")
        try:
            test = begin(version, options["days"], by="operator", ring=False)
        except RuleInvalid as reason:
            raise CommandError(str(reason)) from None
        bar = Bar(self.stdout)
        carry_on(test, watch=bar.show)
        bar.close()
        if test.state != BackTest.State.DONE:
            raise CommandError(f"It did not come to its end: {test.failure or 'a worker carries it on'}")
        for line in report(test):
            self.stdout.write(line)

    def version(self, name: str) -> RoutingVersion:
        """The version to try; raises CommandError where there is none."""
        rule = RoutingRule.objects.filter(name=name).first() or RoutingRule.objects.filter(public_id=name).first()
        if rule is None:
            names = ", ".join(RoutingRule.objects.order_by("name").values_list("name", flat=True)[:20])
            raise CommandError(f"There is no rule {name}. Rules: {names or 'none'}.")
        version = rule.versions.select_related("rule__shop").order_by("-number").first()
        if version is None:
            raise CommandError(f"{rule} says nothing yet; write a draft in the console.")
        return version


def report(test: BackTest) -> list[str]:
    """What came of it, for the terminal."""
    found = groups(test)
    fit, looked_at = matched(found), f"{test.looked_at:,} claim{'' if test.looked_at == 1 else 's'}"
    lines = [f"{looked_at} of {test.days} days looked at, {fit:,} fit. {test.public_id}"]
    lines += [
        f"  {'FLIP' if group.flips else '    '} {group.claims:>7,}  {group.words}: worth {group.value}, "
        f"people gave {group.given}"
        for group in found
    ]
    cases = list(flips(test, SHOWN))
    if cases:
        lines.append("The dearest that flip:")
    lines += [
        f"  {case.claim.public_id}  {case.claim.order}  {case.claim.order.customer or 'guest'}: {flip_words(case)}, "
        f"{case.value:f} {case.currency}"
        for case in cases
    ]
    return lines


class Bar:
    """Draws a test over itself each time it is shown; nothing where no bar can be drawn."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._is_terminal = bool(getattr(out, "isatty", bool)())
        self._drawn = 0

    def show(self, test: BackTest) -> None:
        if self._is_terminal:
            filled = int(WIDTH * test.looked_at / test.total) if test.total else WIDTH
            bar = "#" * filled + "·" * (WIDTH - filled)
            text = f"[{bar}] {test.looked_at:,} of {test.total:,} claims"
            self._out.write("\r" + text.ljust(self._drawn), ending="")
            self._out.flush()
            self._drawn = len(text)

    def close(self) -> None:
        if self._drawn:
            self._out.write("\r" + " " * self._drawn + "\r", ending="")
            self._out.flush()
            self._drawn = 0
