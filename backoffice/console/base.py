"""The console's base classes. Only this package imports the skin (Unfold), so that leaving it stays cheap.

Lists never count a big table and nothing can be changed unless a subclass says so.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, TabularInline

from backoffice.console.pages import ConsolePage

__all__ = ["ConsoleAdmin", "EstimatingPaginator", "LinkFilter", "ReadOnlyInline"]


class EstimatingPaginator(Paginator):
    """A count that costs the same at a thousand rows and at ten million.

    A whole table is estimated from PostgreSQL's statistics, a filtered one is counted up to CAP and then "or more".
    """

    CAP = 1000
    template_name = "console/pagination.html"

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        if not rows.query.where:
            estimate = _estimate(rows.model)
            if estimate > self.CAP:
                self.kind = "estimated"
                return estimate
        counted = rows.order_by()[: self.CAP + 1].count()
        self.kind = "capped" if counted > self.CAP else "exact"
        return min(counted, self.CAP)

    kind = "exact"

    @property
    def in_words(self) -> str:
        number = f"{self.count:,}"
        return {"estimated": f"about {number}", "capped": f"more than {number}"}.get(self.kind, number)


def _estimate(model: type[Model]) -> int:
    """Rows of the table as ANALYZE last saw them; -1 when it never ran."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return int(cursor.fetchone()[0])


class LinkFilter(admin.SimpleListFilter):
    """A filter drawn as plain links above the list: it keeps the rest of the URL, needs no script and takes focus.

    Without its parameter in the URL the `default` choice applies.
    """

    template = "console/link_filter.html"
    default = "all"
    horizontal = True

    def value(self) -> str:
        chosen = super().value()
        return str(chosen) if chosen in {str(key) for key, _ in self.lookup_choices} else self.default

    def choices(self, changelist: Any) -> Any:
        for key, title in self.lookup_choices:
            yield {
                "selected": self.value() == str(key),
                "query_string": changelist.get_query_string({self.parameter_name: key}, ["p"]),
                "display": title,
            }


class ConsoleAdmin(ModelAdmin):
    """A list and, through `page`, a page of our own. Read-only unless a subclass sets one of the three `may_`."""

    may_add: ClassVar[bool] = False
    may_change: ClassVar[bool] = False
    may_delete: ClassVar[bool] = False
    page: ClassVar[type[ConsolePage] | None] = None
    deferred: ClassVar[tuple[str, ...]] = ()  # big columns that no list needs
    nothing_here: ClassVar[str] = "Nothing here."

    change_list_template = "console/list.html"
    show_full_result_count = False
    paginator = EstimatingPaginator
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()  # a header click must not sort a million rows; each list has the order its index gives
    actions = None
    list_fullwidth = True

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.may_add and super().has_add_permission(request, *args)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_delete and super().has_delete_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        options = self.opts
        return request.user.has_perm(f"{options.app_label}.view_{options.model_name}")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.defer(*self.deferred) if self.deferred else rows

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if self.page is not None:
            return self.page.as_view(admin=self)(request, pk=object_id)
        return super().change_view(request, object_id, form_url, extra_context)


class ReadOnlyInline(TabularInline):
    """Rows of another table under a form, to read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False
