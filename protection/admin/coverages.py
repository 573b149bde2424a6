"""Which orders are covered; those whose customer's consent is not known are first, and their fees can be given back."""

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.site import site
from orders.changes import ChangeRefused
from protection import fees
from protection.models import Coverage, StatutoryDuty

CONSENTS = {"unknown": "Consent not known", "known": "Consent known", "all": "All covered orders"}


class ConsentFilter(LinkFilter):
    title = "consent"
    parameter_name = "consent"
    default = "unknown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(CONSENTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Coverage]) -> QuerySet[Coverage]:
        if self.value() == "unknown":
            return fees.without_consent(queryset)
        return queryset.filter(consent__isnull=False) if self.value() == "known" else queryset


@admin.register(Coverage, site=site)
class CoverageAdmin(ConsoleAdmin):
    list_display = ("order_name", "status", "paid", "plan_version", "created_at")
    list_display_links = None
    list_select_related = ("order__shop", "plan_version__plan__shop")
    list_filter = (ConsentFilter,)
    ordering = ("-created_at", "-id")
    actions = ("refund_fees",)  # type: ignore[assignment]  # the one list where many rows are acted on at once
    nothing_here = "No order here: every fee stands on a choice that the store front told of."

    def has_refund_fee_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.add_refund"))

    @admin.action(description="Give the fee back", permissions=["refund_fee"])
    def refund_fees(self, request: HttpRequest, chosen: QuerySet[Coverage]) -> None:
        """Asks the shop for each by itself, so that one that cannot be does not hold up the others."""
        asked, refused = 0, Counter[str]()
        for coverage in chosen.select_related("order__shop").order_by("pk"):
            try:
                fees.refund_fee(coverage, by=f"staff:{request.user.get_username()}")
                asked += 1
            except ChangeRefused as refusal:
                refused[str(refusal)] += 1
        self.message_user(request, f"The shop was asked to give {asked:,} of {asked + refused.total():,} fees back.")
        for why, number in refused.most_common(5):
            self.message_user(request, f"{number:,} not asked for: {why}", messages.WARNING)

    @admin.display(description="Order")
    def order_name(self, coverage: Coverage) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[coverage.order_id]), coverage.order
        )

    @admin.display(description="Fee")
    def paid(self, coverage: Coverage) -> str:
        return "{amount} {currency}".format(**coverage.fee["shop"])


@admin.register(StatutoryDuty, site=site)
class StatutoryDutyAdmin(ConsoleAdmin):
    """Countries whose law gives the same claim to everybody."""

    list_display = ("country", "since", "words")
    may_add = may_change = may_delete = True
    nothing_here = "No country yet: only orders with protection can be claimed for."
