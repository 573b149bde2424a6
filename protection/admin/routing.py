"""Routing rules in the console: the list in the order they are asked, with what each has done."""

from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from protection.admin.back_test_page import BackTestPage
from protection.admin.routing_page import RoutingPage, newest
from protection.models import BackTest, RoutingRule, RoutingVersion
from protection.routing.actions import sentence
from protection.routing.counting import Counters, counters

TONES = {"in force": "good", "dry run": "info", "scheduled": "info", "draft": "", "ended": ""}


@admin.register(RoutingRule, site=site)
class RoutingRuleAdmin(ConsoleAdmin):
    """The first rule that fits a claim wins; a dry run is asked on the way and stops nothing."""

    page = RoutingPage
    list_display = ("name", "order_shown", "state_pill", "in_words", "matched", "acted", "would", "money", "overturned")
    list_display_links = ("name",)
    fields = ("name", "shop")
    may_add = True
    nothing_here = "No rule yet. People look at every claim."

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoutingRule]:
        now = timezone.now()
        current = RoutingVersion.objects.filter(rule=OuterRef("pk"), effective_from__lte=now, dry_run=False)
        place = Subquery(current.order_by("-effective_from").values("priority")[:1])
        rules = super().get_queryset(request).annotate(place=place).select_related("shop")
        versions = RoutingVersion.objects.select_related("rule__shop").order_by("-number")
        rows = rules.prefetch_related(Prefetch("versions", versions))
        return rows.order_by(F("place").asc(nulls_last=True), "pk")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the counters of all rules on the page, read at once."""
        changelist = super().get_changelist_instance(request)
        known = counters([rule.pk for rule in changelist.result_list])
        for rule in changelist.result_list:
            rule.counters = known[rule.pk]
        return changelist

    def response_add(
        self, request: HttpRequest, obj: RoutingRule, post_url_continue: str | None = None
    ) -> HttpResponse:
        """A new rule says nothing yet: on to its page, where it is written."""
        return HttpResponseRedirect(reverse("admin:protection_routingrule_change", args=[obj.pk]))

    @admin.display(description="Order")
    def order_shown(self, rule: RoutingRule) -> str:
        version = newest(rule)
        return str(version.priority) if version else "–"

    @admin.display(description="State")
    def state_pill(self, rule: RoutingRule) -> str:
        states = list(dict.fromkeys(version.state for version in rule.versions.all() if version.state != "ended"))
        shown = states or ["ended" if rule.versions.all() else "says nothing yet"]
        pills = [format_html('<span class="c-pill {}">{}</span>', TONES.get(state, ""), state) for state in shown]
        return format_html("{} " * len(pills), *pills)

    @admin.display(description="In words")
    def in_words(self, rule: RoutingRule) -> str:
        version = newest(rule)
        return sentence(version) if version else "–"

    @admin.display(description="Matched")
    def matched(self, rule: RoutingRule) -> str:
        return f"{_of(rule).matched:,}"

    @admin.display(description="Acted")
    def acted(self, rule: RoutingRule) -> str:
        return f"{_of(rule).acted:,}"

    @admin.display(description="Would have")
    def would(self, rule: RoutingRule) -> str:
        return f"{_of(rule).would:,}"

    @admin.display(description="Approved")
    def money(self, rule: RoutingRule) -> str:
        return ", ".join(map(str, _of(rule).approved)) or "–"

    @admin.display(description="Overturned")
    def overturned(self, rule: RoutingRule) -> str:
        return f"{_of(rule).overturned:,}"


def _of(rule: RoutingRule) -> Counters:
    found: Counters = rule.counters  # type: ignore[attr-defined]
    return found


@admin.register(BackTest, site=site)
class BackTestAdmin(ConsoleAdmin):
    """Trials of drafts on the claims of the past; begun on a rule's page, or by `manage.py backtest_rule`."""

    page = BackTestPage
    list_display = ("version", "days", "state", "progress", "by", "begun")
    list_select_related = ("version__rule",)
    ordering = ("-id",)
    nothing_here = "No rule was tried on past claims yet."

    @admin.display(description="Claims")
    def progress(self, test: BackTest) -> str:
        return f"{test.looked_at:,} of {test.total:,}"

    @admin.display(description="Begun")
    def begun(self, test: BackTest) -> str:
        return moment(test.created_at)
