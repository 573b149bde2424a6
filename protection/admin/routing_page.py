"""The page of one routing rule: what it says and said, what it did, its draft, and the buttons that publish and end."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseRedirect
from django.urls import reverse

from backoffice.console.pages import ConsolePage, Refused
from protection.admin import routing_form
from protection.models import BackTest, Routing, RoutingRule, RoutingVersion
from protection.routing import backtesting, rules
from protection.routing.actions import sentence
from protection.routing.caps import WHY_LEFT
from protection.routing.conditions import RuleInvalid
from protection.routing.counting import counters

CHANGE = "protection.change_routingrule"
SHOWN = 20


class RoutingPage(ConsolePage):
    """A draft is written, tried and published here. What is published can only be ended."""

    template_name = "protection/routing_rule.html"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("save", "publish", "dry_run", "end", "draft_again", "back_test"), CHANGE
    )

    def load(self, pk: int) -> RoutingRule | None:
        return RoutingRule.objects.select_related("shop").filter(pk=pk).first()

    @property
    def by(self) -> str:
        return f"staff:{self.request.user.get_username()}"

    def context(self) -> dict[str, Any]:
        rule: RoutingRule = self.subject
        versions = list(rule.versions.order_by("-number"))
        for version in versions:
            version.rule = rule
        draft = next((version for version in versions if version.published_at is None), None)
        matches = rule.routings.select_related("claim__order", "version__rule").order_by("-id")[:SHOWN]
        return {
            "title": f"Rule “{rule}”",
            "rule": rule,
            "versions": [(version, sentence(version)) for version in versions],
            "draft": draft,
            "draft_words": sentence(draft) if draft else "",
            "rows": routing_form.rows(self.request.POST, draft),
            "was": self.request.POST if "action" in self.request.POST else _shown(draft),
            "actions": RoutingVersion.Action.choices,
            "choices": routing_form.CHOICES,
            "comparisons": routing_form.COMPARISONS,
            "remedies": routing_form.REMEDY_CHOICES,
            "people": routing_form.people(),
            "periods": backtesting.PERIODS,
            "tests": rule_tests(rule),
            "counters": counters([rule.pk])[rule.pk],
            "matches": [(row, _said(row)) for row in matches],
        }

    def save(self) -> str:
        self._write()
        return "The draft is kept. It does nothing before it is published."

    def publish(self) -> str:
        version = self._publish(dry_run=False)
        return f"{version} is published from {version.effective_from:%-d %b %Y, %H:%M} UTC on."

    def dry_run(self) -> str:
        version = self._publish(dry_run=True)
        return f"{version} runs dry from {version.effective_from:%-d %b %Y, %H:%M} UTC on: it counts and does nothing."

    def end(self) -> str:
        version = self._version()
        try:
            ended = rules.end(version, by=self.by, at=routing_form.moment_typed(self.request.POST, "ends_at"))
        except RuleInvalid as reason:
            raise Refused(str(reason)) from reason
        return f"{ended} ends on {ended.ends_at:%-d %b %Y, %H:%M} UTC."

    def draft_again(self) -> str:
        was = self._version()
        said = rules.Draft(was.action, was.conditions, was.settings, was.priority, *(
            getattr(was, name) for name in RoutingVersion.CAPS
        ))  # fmt: skip
        try:
            draft = rules.write_draft(self.subject, said, by=self.by)
        except RuleInvalid as reason:
            raise Refused(str(reason)) from reason
        return f"{draft} says what {was} says; change it below."

    def back_test(self) -> HttpResponseRedirect:
        days = self.request.POST.get("days", "")
        version = self.subject.versions.select_related("rule").order_by("-number").first()
        if version is None or days not in map(str, backtesting.PERIODS):
            raise Refused("Write a draft first, and choose how far to look back.")
        with transaction.atomic():
            test = backtesting.begin(version, int(days), by=self.by)
        return HttpResponseRedirect(reverse("admin:protection_backtest_change", args=[test.pk]))

    def _write(self) -> RoutingVersion:
        try:
            return rules.write_draft(self.subject, routing_form.draft_typed(self.request.POST), by=self.by)
        except RuleInvalid as reason:
            raise routing_form.refusal(reason, self.request.POST) from reason

    def _publish(self, *, dry_run: bool) -> RoutingVersion:
        """What is on the screen is kept and published in one step, or nothing is."""
        start = routing_form.moment_typed(self.request.POST, "effective_from")
        try:
            with transaction.atomic():
                draft = self._write()
                return rules.publish(draft, by=self.by, effective_from=start, dry_run=dry_run)
        except RuleInvalid as reason:
            raise routing_form.refusal(reason, self.request.POST) from reason

    def _version(self) -> RoutingVersion:
        number = self.request.POST.get("number", "")
        chosen = self.subject.versions.filter(number=number) if number.isdecimal() and len(number) < 9 else None
        version = chosen.first() if chosen is not None else None
        if version is None:
            raise Refused("There is no such version of this rule.")
        version.rule = self.subject
        return version


def newest(rule: RoutingRule) -> RoutingVersion | None:
    """The version a rule is known by: the one in force, or else its newest."""
    versions = sorted(rule.versions.all(), key=lambda version: -version.number)
    states = ("in force", "dry run", "scheduled", "draft", "ended")
    return min(versions, key=lambda version: states.index(version.state), default=None)


def rule_tests(rule: RoutingRule) -> QuerySet[BackTest]:
    """The newest back-tests of a rule's versions."""
    return BackTest.objects.filter(version__rule=rule).select_related("version__rule")[:5]


def _shown(draft: RoutingVersion | None) -> dict[str, Any]:
    """The draft's own words under the names of the form's fields."""
    if draft is None:
        return {"priority": 100, "action": "flag"}
    said = draft.settings
    caps = {name: getattr(draft, name) or "" for name in RoutingVersion.CAPS}
    assignee = next((f"{kind}:{pk}" for kind, pk in said.items() if kind in ("user", "group")), "")
    return {
        "priority": draft.priority, "action": draft.action, "remedy": said.get("remedy", ""),
        "asked": "\n".join(said.get("asked", [])), "days": said.get("days") or "", "lead": said.get("lead"),
        "words": said.get("words", ""), "assignee": assignee, **caps,
    }  # fmt: skip


def _said(row: Routing) -> str:
    """What a rule did with a claim, in words."""
    if row.result == Routing.Result.LEFT:
        return f"left to a person: {WHY_LEFT.get(row.why, row.why)}"
    would = "would have: " if row.result == Routing.Result.WOULD else ""
    return f"{would}{row.get_action_display().lower()}"
