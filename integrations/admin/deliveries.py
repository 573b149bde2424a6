"""Deliveries out: what is on its way, what is stuck and why, and sending again."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations.admin.sent_request import sent_request, tries
from integrations.models import Delivery
from integrations.outbox import send_again
from orders.admin.story import sentence

CHANGE = "integrations.change_delivery"
AGAIN = (Delivery.State.PARKED, Delivery.State.RETRYING)
LOG = 50
TONES = {
    "delivered": "good", "retrying": "warn", "parked": "bad", "pending": "info", "sending": "info", "superseded": "",
}  # fmt: skip


class DeliveryPage(ConsolePage):
    template_name = "integrations/delivery.html"
    verbs: ClassVar[dict[str, str]] = {"again": CHANGE}

    def load(self, pk: int) -> Delivery | None:
        deliveries = Delivery.objects.select_related("connection", "entry__shop", "entry__order", "order").defer(
            "connection__secrets"
        )
        return deliveries.filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        delivery: Delivery = self.subject
        attempts = list(delivery.log.order_by("-id")[:LOG])
        failed = frozenset(row.pk for row in attempts if not row.went_well)
        version = attempts[0].payload_version if attempts else ""
        started_at = attempts[0].started_at if attempts else None
        return {
            "title": f"Delivery of {delivery.entry.action}",
            "delivery": delivery,
            "tone": TONES[delivery.state],
            "told": sentence(delivery.entry),
            "facts": json.dumps(delivery.entry.facts, indent=2, ensure_ascii=False),
            "log": tries(delivery, attempts, failed),
            "request_now": sent_request(delivery, version or delivery.connection.payload_version, started_at),
            "ahead": _ahead(delivery),
            "may_again": delivery.state in AGAIN and self.request.user.has_perm(CHANGE),
        }

    def again(self) -> str:
        if self.subject.state not in AGAIN:
            raise Refused(
                f"This delivery is {self.subject.get_state_display().lower()}; there is nothing to send again."
            )
        if not send_again(self.subject, by=f"staff:{self.request.user.get_username()}"):
            raise Refused("It was delivered a moment ago; there is nothing to send again.")
        return "It is sent again now."


def _ahead(delivery: Delivery) -> Delivery | None:
    """The earlier delivery of the same order that must go first, None when this one is the head."""
    if delivery.state not in Delivery.OPEN or delivery.order is None:
        return None
    line = Delivery.objects.filter(connection_id=delivery.connection_id, order=delivery.order, pk__lt=delivery.pk)
    return line.filter(state__in=Delivery.OPEN).order_by("id").first()


class StateFilter(LinkFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All"), *Delivery.State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


@admin.register(Delivery, site=site)
class DeliveryAdmin(ConsoleAdmin):
    page = DeliveryPage
    list_display = ("what", "connection", "state_pill", "why", "attempts", "made", "order_name")
    list_display_links = ("what",)
    list_select_related = ("connection", "entry", "order")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    deferred = ("connection__secrets", "order__amounts", "order__shipping_address", "order__billing_address")
    nothing_here = "Nothing here: every system is in step."

    @admin.display(description="What")
    def what(self, delivery: Delivery) -> str:
        return sentence(delivery.entry)

    @admin.display(description="State")
    def state_pill(self, delivery: Delivery) -> str:
        return format_html('<span class="c-pill {}">{}</span>', TONES[delivery.state], delivery.get_state_display())

    @admin.display(description="Why")
    def why(self, delivery: Delivery) -> str:
        return delivery.get_parked_because_display() or delivery.result or "–"

    @admin.display(description="Made")
    def made(self, delivery: Delivery) -> str:
        return moment(delivery.created_at)

    @admin.display(description="Order")
    def order_name(self, delivery: Delivery) -> str:
        return str(delivery.order or "–")
