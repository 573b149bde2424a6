"""What replacements usually cost, as a merchant enters it, and the way to the money view."""

from django.contrib import admin
from django.urls import URLPattern, path

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from protection.admin.money_page import MoneyPage, MoneyRows
from protection.admin.remedy_costs import RemedyCostsPage
from protection.models import CostStandard


@admin.register(CostStandard, site=site)
class CostStandardAdmin(ConsoleAdmin):
    """Each row holds from its day on; a new one beside it leaves the figures of the past as they were."""

    list_display = (
        "__str__", "currency", "goods_share", "label_domestic", "label_international", "duty_domestic",
        "duty_international",
    )  # fmt: skip
    list_select_related = ("shop",)
    ordering = ("shop", "-effective_from")
    fields = (
        "shop", "currency", "effective_from", "goods_share", "label_domestic", "label_international", "duty_domestic",
        "duty_international",
    )  # fmt: skip
    may_add = may_change = may_delete = True
    nothing_here = "Nothing is entered yet: goods count at half their price, labels and duties as nothing."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("money/", view(MoneyPage.as_view(admin=self)), {"pk": 0}, name="protection_money"),
            path(
                "money/<slug:name>.csv", view(MoneyRows.as_view(admin=self)), {"pk": 0}, name="protection_money_rows"
            ),
            path(
                "remedy/<slug:remedy>/", view(RemedyCostsPage.as_view(admin=self)), {"pk": 0},
                name="protection_remedy_costs",
            ),
            *super().get_urls(),
        ]  # fmt: skip
