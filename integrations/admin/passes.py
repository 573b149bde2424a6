"""Passes over stores: what was compared, found and healed, and how far one is that is under way."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.pages import ConsolePage
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations.models import SyncRun
from orders.models import Order

TONES = {SyncRun.State.DONE: "good", SyncRun.State.FAILED: "bad", SyncRun.State.RUNNING: "info"}
# What a pass counts beside the columns of its row, in words.
FACTS = {
    "read": "Orders read whole",
    "missing": "Orders that were missing here",
    "deleted": "Orders found deleted",
    "hidden": "Orders that the shop does not show",
    "newer_here": "Orders newer here than there",
    "on_its_way": "Differences that a message on its way would have told us",
    "fulfillment_orders": "Fulfillment orders looked at",
    "deletions": "Deletions looked at",
    "stock_levels": "Stock levels looked at",
    "stock_levels_new": "Stock levels that were new to us",
    "stock": "Stock",
    "sample": "Orders drawn by lot",
    "seed": "Seed of the lot",
    "arrived_ms": "Webhook of the round trip here after (ms)",
    "handled_ms": "Handled after (ms)",
    "trip_failure": "Round trip",
    "waited_seconds": "Waited for the store's budget (s)",
}


def tone_of(run: SyncRun) -> str:
    """Of the pill that shows its state."""
    return TONES[SyncRun.State(run.state)]


def kind_of(run: SyncRun) -> str:
    """In words."""
    return "Round trip" if run.facts.get("round_trip") else run.get_kind_display()


class RunPage(ConsolePage):
    """One pass, to read; while it is under way the page looks again by itself."""

    template_name = "integrations/run.html"
    http_method_names = ["get", "head"]

    def load(self, pk: int) -> SyncRun | None:
        return SyncRun.objects.select_related("connection").defer("connection__secrets").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        run: SyncRun = self.subject
        failures = run.facts.get("failures", [])
        known = Order.objects.filter(shop=run.connection.shop_id, remote_id__in=[one["order"] for one in failures])
        orders = {order.remote_id: order for order in known.only("id", "name", "remote_id")}
        may_see = self.request.user.has_perm("integrations.view_delivery")
        return {
            "title": f"{kind_of(run)} of {run.connection}",
            "run": run,
            "tone": tone_of(run),
            "todo": len(run.cursor.get("todo", [])),
            "facts": [(words, run.facts[name]) for name, words in FACTS.items() if name in run.facts],
            "failures": [
                {
                    "why": one["why"],
                    "name": str(orders.get(one["order"], one["order"])),
                    "url": reverse("admin:integrations_connection_order", args=[run.connection_id, found.pk])
                    if may_see and (found := orders.get(one["order"]))
                    else "",
                }
                for one in failures
            ],
        }


class KindFilter(LinkFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All"), ("drift", "Found something"), ("failed", "Failed"), *SyncRun.Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
        chosen = self.value()
        if chosen == "all":
            return queryset
        if chosen == "drift":
            return queryset.filter(drift_found__gt=0)
        return queryset.filter(state="failed") if chosen == "failed" else queryset.filter(kind=chosen)


@admin.register(SyncRun, site=site)
class RunAdmin(ConsoleAdmin):
    page = RunPage
    list_display = ("what", "connection", "state_pill", "began", "looked_at", "drift_found", "healed", "failed", "by")
    list_select_related = ("connection",)
    list_filter = (KindFilter,)
    ordering = ("-id",)
    deferred = ("cursor", "connection__secrets")
    nothing_here = "No pass yet. The first begins within a quarter of an hour after a store was connected."

    @admin.display(description="Pass")
    def what(self, run: SyncRun) -> str:
        return kind_of(run)

    @admin.display(description="State")
    def state_pill(self, run: SyncRun) -> str:
        return format_html('<span class="c-pill {}">{}</span>', tone_of(run), run.get_state_display())

    @admin.display(description="Began")
    def began(self, run: SyncRun) -> str:
        return moment(run.started_at)
