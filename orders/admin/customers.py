"""Customers: to read, and to find somebody's orders."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from orders.models import Customer, Shop


@admin.register(Customer, site=site)
class CustomerAdmin(ConsoleAdmin):
    list_display = ("__str__", "email", "shop", "remote_id")
    list_select_related = ("shop",)
    ordering = ("-id",)
    search_fields = ("remote_id",)
    search_help_text = "Customer number at the shop, or the whole e-mail address"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(remote_id=int(term)) if term.isdecimal() else Q(email=term)), False


@admin.register(Shop, site=site)
class ShopAdmin(ConsoleAdmin):
    list_display = ("__str__", "domain", "currency", "created_at")
    ordering = ("domain",)
