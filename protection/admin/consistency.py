"""Are like claims decided alike? A page to read, for leads."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import URLPattern, path

from backoffice.console.base import ConsoleAdmin
from backoffice.console.pages import ConsolePage
from backoffice.console.site import site
from protection.models import ComparedDecision
from protection.similar import consistency


class ConsistencyPage(ConsolePage):
    """Three tables, and the latest decisions that differ from what similar claims were given."""

    template_name: ClassVar[str] = "protection/consistency.html"
    http_method_names = ["get", "head"]

    def load(self, pk: int) -> Any:
        return self  # not the page of a row

    def context(self) -> dict[str, Any]:
        asked = self.request.GET.get("days", "")
        days = int(asked) if asked in {str(period) for period in consistency.PERIODS} else consistency.PERIODS[1]
        return {
            "title": "Are like claims decided alike?",
            "days": days,
            "periods": [(f"{one} days", f"?{urlencode({'days': one})}", one == days) for one in consistency.PERIODS],
            "tables": consistency.tables(days),
            "against": list(consistency.against(days)),
        }


@admin.register(ComparedDecision, site=site)
class ComparedDecisionAdmin(ConsoleAdmin):
    """The report stands where the list would; the rows themselves are looked at on their claims' pages."""

    def get_urls(self) -> list[URLPattern]:
        report = self.admin_site.admin_view(ConsistencyPage.as_view(admin=self))
        return [path("", report, {"pk": 0}, name="protection_compareddecision_changelist")]
