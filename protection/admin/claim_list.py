"""The claims queue: what an agent can act on, oldest first; everything else one link away."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.counts import counts
from backoffice.console.search import Found
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from protection.admin.claim_facts import ORDER_BULK, value_of, with_items
from protection.admin.claim_page import ClaimPage
from protection.admin.customer_links import CustomerLinksPage
from protection.admin.file_claim import FileClaimPage
from protection.admin.queue import QUEUES, in_queue
from protection.models import Claim

TONES = {
    Claim.State.IN_REVIEW: "warn",
    Claim.State.NEEDS_INFO: "info",
    Claim.State.DECIDED: "good",
    Claim.State.RESOLVING: "good",
}


class QueueFilter(LinkFilter):
    title = "queue"
    parameter_name = "queue"
    default = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = counts(request)
        titles = []
        for key, queue in QUEUES.items():
            number = sum(known.get(state, 0) for state in queue.counted)
            titles.append((key, f"{queue.title} {number:,}" if number else queue.title))
        return titles

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        # A search looks everywhere, not only in the queue that happens to be open.
        if request.GET.get("q") and "queue" not in request.GET:
            return queryset
        return in_queue(queryset, self.value(), request.user)


class ReasonFilter(LinkFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "Any reason"), *Claim.Reason.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Claim]) -> QuerySet[Claim]:
        return queryset if self.value() == "all" else queryset.filter(reason=self.value())


def find(request: HttpRequest, term: str) -> list[Found]:
    """Claims for the search box: by id, or those on an order of this name."""
    if not request.user.has_perm("protection.view_claim"):
        return []
    claims = Claim.objects.select_related("order").defer(*ClaimAdmin.deferred).order_by("-id")
    by_id = term.startswith("clm_")
    chosen = claims.filter(public_id=term) if by_id else claims.filter(order__name__in=[term, f"#{term}"])
    return [
        Found(f"Claim on {claim.order}: {claim.get_reason_display().lower()}", claim.get_state_display(),
              reverse("admin:protection_claim_change", args=[claim.pk]))
        for claim in chosen[:5]
    ]  # fmt: skip


@admin.register(Claim, site=site)
class ClaimAdmin(ConsoleAdmin):
    page = ClaimPage
    list_display = ("claim", "order_name", "why", "state_words", "value", "waiting", "next", "assignee")
    list_display_links = ("claim",)
    list_select_related = ("order", "assignee")
    list_filter = (QueueFilter, ReasonFilter)
    ordering = ("created_at", "id")
    search_fields = ("public_id",)
    search_help_text = "Claim id, or the name of an order"
    deferred = tuple(f"order__{name}" for name in ORDER_BULK)
    nothing_here = "No claim is waiting here. Well done."

    def get_urls(self) -> list[URLPattern]:
        file, links = FileClaimPage.as_view(admin=self), CustomerLinksPage.as_view(admin=self)
        return [
            path("file/<int:pk>/", self.admin_site.admin_view(file), name="protection_claim_file"),
            path("links/<int:pk>/", self.admin_site.admin_view(links), name="protection_claim_links"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        return with_items(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(public_id=term) if term.startswith("clm_") else queryset.filter(order__name=term), False

    @admin.display(description="Claim")
    def claim(self, claim: Claim) -> str:
        return f"{claim.public_id[:8]}…{claim.public_id[-6:]}"

    @admin.display(description="Order")
    def order_name(self, claim: Claim) -> str:
        return claim.order.name

    @admin.display(description="Reason")
    def why(self, claim: Claim) -> str:
        return claim.get_reason_display()

    @admin.display(description="State")
    def state_words(self, claim: Claim) -> str:
        words = claim.get_outcome_display() if claim.state == Claim.State.CLOSED else claim.get_state_display()
        tone = "bad" if claim.outcome == Claim.Outcome.DENIED else TONES.get(Claim.State(claim.state), "")
        return format_html('<span class="c-pill {}">{}</span>', tone, words)

    @admin.display(description="Value")
    def value(self, claim: Claim) -> str:
        return str(value_of(claim.items.all(), claim.order.currency))

    @admin.display(description="Age")
    def waiting(self, claim: Claim) -> str:
        return moment(claim.created_at)

    @admin.display(description="Next")
    def next(self, claim: Claim) -> str:
        return claim.get_next_actor_display()
