"""Parts of fees that are due back, because covered goods were taken off an order before anything was sent."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from backoffice.templatetags.words import money
from orders.changes import ChangeRefused
from protection import fee_refunds
from protection.models import FeeRefund

GIVE = "orders.add_refund"
SHOWN = {"proposed": "Waits for staff", "all": "All"}
TONES = {FeeRefund.State.PROPOSED: "warn", FeeRefund.State.ASKED: "info", FeeRefund.State.PAID: "good"}


class FeeRefundPage(ConsolePage):
    """One part: what it is of, and the two ways it can go."""

    template_name = "protection/fee_refund.html"
    verbs: ClassVar[dict[str, str]] = {"give": GIVE, "drop": GIVE}

    def load(self, pk: int) -> FeeRefund | None:
        found = FeeRefund.objects.select_related("coverage__order__shop", "coverage__plan_version__plan")
        return found.filter(pk=pk).first()

    def give(self) -> str:
        try:
            fee_refunds.give(self.subject, by=self._by())
        except ChangeRefused as refusal:
            raise Refused(str(refusal)) from refusal
        return "The shop is asked to pay it back."

    def drop(self) -> str:
        try:
            fee_refunds.drop(self.subject, self.request.POST.get("why", ""), by=self._by())
        except ChangeRefused as refusal:
            raise Refused(str(refusal)) from refusal
        return "It is not given back."

    def _by(self) -> str:
        return f"staff:{self.request.user.get_username()}"

    def context(self) -> dict[str, Any]:
        part = self.subject
        of, gone = (Decimal(bag["shop"]["amount"]) for bag in (part.covered, part.removed))
        return {
            "title": str(part),
            "part": part,
            "order": part.coverage.order,
            "tone": TONES.get(part.state, ""),
            "percent": f"{gone / of:.0%}" if of else "",
            "is_open": part.state == FeeRefund.State.PROPOSED,
        }


class StateFilter(LinkFilter):
    title = "state"
    parameter_name = "show"
    default = "proposed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(SHOWN.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[FeeRefund]) -> QuerySet[FeeRefund]:
        return queryset if self.value() == "all" else queryset.filter(state=FeeRefund.State.PROPOSED)


@admin.register(FeeRefund, site=site)
class FeeRefundAdmin(ConsoleAdmin):
    page = FeeRefundPage
    list_display = ("__str__", "due", "standing", "created_at", "settled_by")
    list_select_related = ("coverage__order",)
    list_filter = (StateFilter,)
    ordering = ("-id",)
    actions = ("give_back",)  # type: ignore[assignment]
    nothing_here = "No part of a fee is due back."

    def has_give_back_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(GIVE))

    @admin.action(description="Give it back", permissions=["give_back"])
    def give_back(self, request: HttpRequest, chosen: QuerySet[FeeRefund]) -> None:
        """Asks the shop for each by itself, so that one that cannot be does not hold up the others."""
        asked = 0
        for part in chosen.select_related("coverage__order").order_by("pk"):
            try:
                fee_refunds.give(part, by=f"staff:{request.user.get_username()}")
                asked += 1
            except ChangeRefused as refusal:
                self.message_user(request, f"{part}: {refusal}", messages.WARNING)
        self.message_user(request, f"The shop was asked to pay {asked:,} back.")

    @admin.display(description="Due back")
    def due(self, part: FeeRefund) -> str:
        return money(part.amount)

    @admin.display(description="State")
    def standing(self, part: FeeRefund) -> str:
        return format_html(
            '<span class="c-pill {}">{}</span>', TONES.get(FeeRefund.State(part.state), ""), part.get_state_display()
        )
