"""The list of orders: newest first, found by name, e-mail address or the shop's own number."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin
from backoffice.console.search import Found
from backoffice.console.site import site
from backoffice.templatetags.words import moment, words
from orders.admin.ask_page import AskPage
from orders.admin.order_page import OrderPage
from orders.models import Order, Shop
from orders.money import Money

SHORTEST = 3
BIGGEST = 2**63 - 1
BULK = ("amounts", "shipping_address", "billing_address", "attributes", "tags", "note")


@admin.register(Order, site=site)
class OrderAdmin(ConsoleAdmin):
    page = OrderPage
    list_display = ("name", "who", "placed", "sum", "payment", "dispatch", "shop")
    list_display_links = ("name",)
    list_select_related = ("customer", "shop")
    ordering = ("-created_at", "-id")
    search_fields = ("name",)
    search_help_text = "Order (#1001), e-mail address, shop's number"
    deferred = BULK
    nothing_here = (
        "No order found. Search needs three characters at least; it knows the beginning of a name or address."
    )

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/ask/<slug:kind>/",
                self.admin_site.admin_view(AskPage.as_view(admin=self)),
                name="orders_order_ask",
            ),
            *super().get_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (searched(queryset, term) if term else queryset), False

    @admin.display(description="Customer")
    def who(self, order: Order) -> str:
        return str(order.customer or order.email or "Guest")

    @admin.display(description="Placed")
    def placed(self, order: Order) -> str:
        return moment(order.placed_at, "minute")

    @admin.display(description="Total")
    def sum(self, order: Order) -> str:
        return str(Money(order.total, order.currency))

    @admin.display(description="Payment")
    def payment(self, order: Order) -> str:
        return words(order.financial_status) or "–"

    @admin.display(description="Dispatch")
    def dispatch(self, order: Order) -> str:
        if order.cancelled_at:
            return format_html('<span class="c-pill bad">{}</span>', "Cancelled")
        return words(order.fulfillment_status) or "–"


def find(request: HttpRequest, term: str) -> list[Found]:
    """Orders for the search box, a few at the most."""
    if not request.user.has_perm("orders.view_order"):
        return []
    orders = searched(Order.objects.select_related("customer", "shop").defer(*BULK), term).order_by(
        "-created_at", "-id"
    )
    return [
        Found(f"Order {order}", f"{order.customer or order.email or 'Guest'}, {order.shop}",
              reverse("admin:orders_order_change", args=[order.pk]))
        for order in orders[:8]
    ]  # fmt: skip


def searched(orders: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Look-ups that an index answers, never a scan: the beginning of a name or e-mail, or a whole number."""
    if len(term.lstrip("#")) < SHORTEST:
        return orders.filter(name__in=[term, f"#{term}"])
    if term.startswith("ord_"):
        return orders.filter(public_id=term)
    found = Q(name__startswith=term) | ~Q(email="") & Q(email__istartswith=term)
    if term.isdecimal():
        found |= Q(name__startswith=f"#{term}")
        if int(term) <= BIGGEST:
            found |= Q(remote_id=int(term), shop__in=_shops())
    return orders.filter(found)


def _shops() -> list[int]:
    """Named one by one, so that the index on (shop, remote_id) can be used without knowing the shop."""
    return list(Shop.objects.values_list("pk", flat=True))
