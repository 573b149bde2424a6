"""The journal as a list to read."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from orders.admin.story import sentence, who
from orders.models import JournalEntry


@admin.register(JournalEntry, site=site)
class JournalAdmin(ConsoleAdmin):
    """What happened, newest first. Nobody may change it: the database refuses, too."""

    list_display = ("told", "who", "order_link", "action", "happened")
    list_display_links = ("told",)
    list_select_related = ("order",)
    ordering = ("-id",)
    search_fields = ("public_id",)
    search_help_text = "Id of an event, an order, a claim or a resolution, in full"
    fields = ("public_id", "told", "action", "who", "source", "order_link", "subject", "facts_shown", "created_at")
    readonly_fields = fields
    nothing_here = "Nothing has happened yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        big = ("amounts", "shipping_address", "billing_address", "attributes", "tags", "note")
        return super().get_queryset(request).defer(*(f"order__{name}" for name in big))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By id only, each through its index; any other text would read the whole journal."""
        term = search_term.strip()
        if not term:
            return queryset, False
        field = {"evt": "public_id", "ord": "order__public_id"}.get(term[:3], "subject")
        return queryset.filter(**{field: term}), False

    @admin.display(description="What")
    def told(self, entry: JournalEntry) -> str:
        return sentence(entry)

    @admin.display(description="Who")
    def who(self, entry: JournalEntry) -> str:
        return who(entry.by)

    @admin.display(description="Order")
    def order_link(self, entry: JournalEntry) -> str:
        if entry.order is None:
            return "–"
        url = reverse("admin:orders_order_change", args=[entry.order_id])
        return format_html('<a class="c-link" href="{}">{}</a>', url, entry.order)

    @admin.display(description="When")
    def happened(self, entry: JournalEntry) -> str:
        return moment(entry.created_at)

    @admin.display(description="Facts")
    def facts_shown(self, entry: JournalEntry) -> str:
        return format_html('<pre class="c-pre">{}</pre>', json.dumps(entry.facts, indent=2, ensure_ascii=False))
