"""Stock in the console: what is counted where, and asking the shop to count otherwise."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest

from backoffice.console.base import ConsoleAdmin
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from orders import changes
from orders.changes import ChangeRefused
from orders.changes.stock import REASONS
from orders.models import Change, StockItem

ADJUST = "orders.change_stocklevel"
SHOWN = 20
SHORTEST = 2


class StockPage(ConsolePage):
    template_name = "orders/stock.html"
    verbs: ClassVar[dict[str, str]] = {"adjust": ADJUST}

    def load(self, pk: int) -> StockItem | None:
        return StockItem.objects.select_related("shop").filter(pk=pk).first()

    def adjust(self) -> str:
        """Some more or fewer units, or a count, at one location."""
        typed, item = self.request.POST, self.subject
        how, text = typed.get("how", ""), typed.get("number", "").strip()
        sign = -1 if text[:1] in ("-", "−") else 1
        digits = text.lstrip("+-−")
        if how not in ("delta", "quantity") or not digits.isascii() or not digits.isdecimal() or len(digits) > 9:
            raise Refused("Write how many units, as a whole number.")
        number = sign * int(digits)
        try:
            changes.adjust_stock(
                item.shop, str(item.remote_id), typed.get("location", ""), reason=typed.get("reason", ""),
                by=f"staff:{self.request.user.get_username()}", delta=number if how == "delta" else None,
                quantity=number if how == "quantity" else None,
            )  # fmt: skip
        except ChangeRefused as refusal:
            raise Refused(str(refusal)) from refusal
        return "The shop is asked. What it says shows below."

    def context(self) -> dict[str, Any]:
        item: StockItem = self.subject
        asked = Change.objects.filter(shop=item.shop, kind=Change.Kind.STOCK, wanted__item=str(item.remote_id))
        return {
            "title": str(item),
            "item": item,
            "levels": item.levels.select_related("location").order_by("location__name"),
            "reasons": REASONS,
            "asked": asked.order_by("-id")[:SHOWN],
        }


@admin.register(StockItem, site=site)
class StockAdmin(ConsoleAdmin):
    page = StockPage
    list_display = ("title_said", "sku", "units", "places", "shop")
    list_display_links = ("title_said",)
    list_select_related = ("shop",)
    ordering = ("sku", "id")
    search_fields = ("sku",)
    search_help_text = "Beginning of a SKU"
    nothing_here = "Nothing is counted yet. Stock comes with the shop's messages and with each reconcile pass."

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockItem]:
        items = super().get_queryset(request).filter(deleted_at=None)
        return items.annotate(total=Sum("levels__available"), kept_at=Count("levels"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(sku__startswith=term) if len(term) >= SHORTEST else queryset), False

    @admin.display(description="Item")
    def title_said(self, item: StockItem) -> str:
        return str(item)

    @admin.display(description="Available")
    def units(self, item: Any) -> str:
        return "not counted" if item.total is None else str(item.total)

    @admin.display(description="Locations")
    def places(self, item: Any) -> str:
        return str(item.kept_at)
