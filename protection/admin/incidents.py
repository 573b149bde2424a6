"""Incidents: the list, what Today shows of them, and the banner on their claims."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.panels import Panel
from backoffice.console.site import site
from protection.admin.incident_page import IncidentPage
from protection.models import Incident

TODAY = 8
TONES = {Incident.State.OPEN: "warn", Incident.State.CONFIRMED: "bad"}
SHOWS = {"open": "Under way", "ended": "Ended", "all": "All"}


class StateFilter(LinkFilter):
    title = "state"
    parameter_name = "show"
    default = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(SHOWS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.value() == "all":
            return queryset
        growing = queryset.filter(state__in=Incident.GROWING)
        return growing if self.value() == "open" else queryset.exclude(state__in=Incident.GROWING)


@admin.register(Incident, site=site)
class IncidentAdmin(ConsoleAdmin):
    page = IncidentPage
    list_display = ("what", "found", "number", "state_words", "owner", "shop", "created_at")
    list_display_links = ("what",)
    list_select_related = ("owner", "shop")
    list_filter = (StateFilter,)
    ordering = ("-created_at", "-id")
    nothing_here = "Nothing unusual: no lane and no item has more claims than it always has."

    @admin.display(description="Incident")
    def what(self, incident: Incident) -> str:
        return str(incident)

    @admin.display(description="Found")
    def found(self, incident: Incident) -> str:
        return incident.sentence

    @admin.display(description="Claims")
    def number(self, incident: Incident) -> int:
        return incident.count

    @admin.display(description="State")
    def state_words(self, incident: Incident) -> str:
        tone = TONES.get(Incident.State(incident.state), "")
        return format_html('<span class="c-pill {}">{}</span>', tone, incident.get_state_display())


def under_way(request: HttpRequest, subject: Any) -> Panel | None:
    """Today: incidents that are proposed or confirmed, newest first; nothing where there are none."""
    if not request.user.has_perm("protection.view_incident"):
        return None
    rows = Incident.objects.filter(state__in=Incident.GROWING).select_related("shop", "owner")
    incidents = list(rows.order_by("-created_at", "-id")[:TODAY])
    if not incidents:
        return None
    return Panel("More claims than usual", "protection/today_incidents.html", {"incidents": incidents}, wide=True)
