"""Connections: which lines there are and how they do. Their secrets are never read here."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import Max, Min, Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations.admin.connect_page import ConnectPage
from integrations.admin.connection_page import ConnectionPage
from integrations.admin.endpoint import EndpointPage
from integrations.admin.store_page import GuidePage, StorePage
from integrations.condition import Condition, condition, health_of
from integrations.models import Connection, Delivery, InboundMessage

RECENT = 50_000


def described() -> QuerySet[Connection]:
    """Connections with their last message, last delivery and oldest open delivery, and without their secrets.

    The last ones are looked for among the newest rows only: a line that has been silent for long would otherwise make
    the database read back to the beginning.
    """
    messages = _recent(InboundMessage).filter(connection=OuterRef("pk")).order_by("-id")
    delivered = _recent(Delivery).filter(connection=OuterRef("pk"), state=Delivery.State.DELIVERED).order_by("-id")
    waiting = Delivery.objects.filter(connection=OuterRef("pk"), state__in=Delivery.OPEN)
    oldest = waiting.order_by().values("connection")
    return (
        Connection.objects.defer("secrets")
        .select_related("shop", "partner", "health")
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


def condition_of(connection: Any) -> Condition:
    """How a connection from `described` does."""
    waiting, parked = connection.oldest is not None, connection.stuck is not None
    return condition(connection, health_of(connection), waiting=waiting, parked=parked)


@admin.register(Connection, site=site)
class ConnectionAdmin(ConsoleAdmin):
    page = ConnectionPage
    list_display = ("label", "system", "state_pill", "came_in", "went_out", "oldest_stuck", "host")
    ordering = ("label", "id")
    nothing_here = "No system is connected yet. Connect a store under Set-up."

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/endpoint/",
                self.admin_site.admin_view(EndpointPage.as_view(admin=self)),
                name="integrations_connection_endpoint",
            ),
            path(
                "connect/",
                self.admin_site.admin_view(ConnectPage.as_view(admin=self)),
                {"pk": 0},
                name="integrations_connection_connect",
            ),
            path(
                "<int:pk>/guide/",
                self.admin_site.admin_view(GuidePage.as_view(admin=self)),
                name="integrations_connection_guide",
            ),
            path(
                "<int:pk>/store/",
                self.admin_site.admin_view(StorePage.as_view(admin=self)),
                name="integrations_connection_store",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return described()

    @admin.display(description="State")
    def state_pill(self, connection: Connection) -> str:
        found = condition_of(connection)
        return format_html('<span class="c-pill {}">{}</span>', found.tone, found.words)

    @admin.display(description="Last message")
    def came_in(self, connection: Any) -> str:
        return moment(connection.last_in) if connection.last_in else "not lately"

    @admin.display(description="Last delivery")
    def went_out(self, connection: Any) -> str:
        return moment(connection.last_out) if connection.last_out else "not lately"

    @admin.display(description="Oldest waiting")
    def oldest_stuck(self, connection: Any) -> str:
        return moment(connection.oldest) if connection.oldest else "–"

    @admin.display(description="Host")
    def host(self, connection: Connection) -> str:
        return urlsplit(connection.url).netloc
