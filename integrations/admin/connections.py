"""Connections: which lines there are, how they do, and stopping one. Their secrets are never read here."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Max, Min, Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin
from backoffice.console.pages import ConsolePage
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations import pausing
from integrations.models import Connection, Delivery, InboundMessage

CHANGE = "integrations.change_connection"
RECENT = 50_000


def described() -> QuerySet[Connection]:
    """Connections with their last message, last delivery and oldest open delivery, and without their secrets.

    The last ones are looked for among the newest rows only: a line that has been silent for long would otherwise make
    the database read back to the beginning.
    """
    messages = _recent(InboundMessage).filter(connection=OuterRef("pk")).order_by("-id")
    delivered = _recent(Delivery).filter(connection=OuterRef("pk"), state=Delivery.State.DELIVERED).order_by("-id")
    waiting = Delivery.objects.filter(connection=OuterRef("pk")).exclude(state=Delivery.State.DELIVERED)
    oldest = waiting.order_by().values("connection")
    return (
        Connection.objects.defer("secrets")
        .select_related("shop", "partner")
        .annotate(
            last_in=Subquery(messages.values("received_at")[:1]),
            last_out=Subquery(delivered.values("delivered_at")[:1]),
            oldest=Subquery(oldest.annotate(first=Min("created_at")).values("first")),
            stuck=Subquery(oldest.annotate(first=Max("id", filter=Q(state="parked"))).values("first")),
        )
    )


def _recent(model: type[Model]) -> QuerySet[Any]:
    rows = model._default_manager
    newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
    return rows.filter(pk__gt=newest - RECENT)


def state_words(connection: Any) -> tuple[str, str]:
    """(words, tone) for a connection from `described`."""
    if connection.paused_at:
        return f"Paused: {connection.paused_because}", "warn"
    if connection.stuck:
        return "Deliveries are parked", "bad"
    return ("Sending", "info") if connection.oldest else ("In step", "good")


class ConnectionPage(ConsolePage):
    template_name = "integrations/connection.html"
    verbs: ClassVar[dict[str, str]] = {"pause": CHANGE, "resume": CHANGE}

    def load(self, pk: int) -> Connection | None:
        return described().filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        connection: Connection = self.subject
        words, tone = state_words(connection)
        waiting = Delivery.objects.filter(connection=connection).exclude(state=Delivery.State.DELIVERED)
        return {
            "title": str(connection),
            "connection": connection,
            "words": words,
            "tone": tone,
            "waiting": waiting.select_related("entry", "order").defer("order__amounts").order_by("id")[:20],
        }

    def pause(self) -> str:
        by = f"staff:{self.request.user.get_username()}"
        pausing.pause(self.subject, because=self.request.POST.get("because", ""), by=by)
        return "Paused. Nothing is sent; what happens meanwhile waits."

    def resume(self) -> str:
        pausing.resume(self.subject)
        return "Resumed. What waited is sent now."


@admin.register(Connection, site=site)
class ConnectionAdmin(ConsoleAdmin):
    page = ConnectionPage
    list_display = ("label", "system", "state_pill", "came_in", "went_out", "oldest_stuck", "url")
    ordering = ("label", "id")
    nothing_here = "No system is connected yet. Connect a shop with manage.py connect_shop."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return described()

    @admin.display(description="State")
    def state_pill(self, connection: Connection) -> str:
        words, tone = state_words(connection)
        return format_html('<span class="c-pill {}">{}</span>', tone, words)

    @admin.display(description="Last message")
    def came_in(self, connection: Any) -> str:
        return moment(connection.last_in) if connection.last_in else "not lately"

    @admin.display(description="Last delivery")
    def went_out(self, connection: Any) -> str:
        return moment(connection.last_out) if connection.last_out else "not lately"

    @admin.display(description="Oldest waiting")
    def oldest_stuck(self, connection: Any) -> str:
        return moment(connection.oldest) if connection.oldest else "–"
