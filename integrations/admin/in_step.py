"""In step? Orders down, systems across: where something is pending, failed or in conflict, at a glance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path

from backoffice.console.base import ConsoleAdmin
from backoffice.console.pages import ConsolePage
from backoffice.console.site import site
from integrations.admin.difference import DifferencePage
from integrations.models import Connection, Drift
from integrations.standing import KINDS, WORST_FIRST, Standing, orders_out_of_step, standings
from orders.admin.order_list import BULK, searched
from orders.models import Order

ORDERS = 50
COLUMNS = 8
ENDPOINTS = 300
SHOWS = {"out": "Not in step", "conflict": "Conflict only", "all": "Every order"}
UNTOLD = "Not told"


@dataclass(frozen=True, slots=True)
class Cell:
    """One system on one order. `kind`: one of standing.KINDS, "untold" (nothing to tell so far), "" (not its shop)."""

    kind: str = ""
    words: str = ""
    standing: Standing | None = None
    connection_id: int | None = None


@dataclass(slots=True)
class Column:
    """A partner's endpoint, or one system of all shops (each order meets its own shop's connection there)."""

    title: str
    connections: list[Connection] = field(default_factory=list)
    cells: dict[int, Cell] = field(default_factory=dict)

    @property
    def trouble(self) -> tuple[int, ...]:
        """How many cells of each kind, the worst kind first."""
        kinds = [cell.kind for cell in self.cells.values()]
        return tuple(kinds.count(kind) for kind in WORST_FIRST[:-1])

    @property
    def paused(self) -> bool:
        return any(connection.paused_at for connection in self.connections)

    @property
    def only(self) -> Connection | None:
        return self.connections[0] if len(self.connections) == 1 else None


@dataclass(frozen=True, slots=True)
class Row:
    """`rest` says in words how the order stands in the columns that are not shown, `rest_kind` the worst of it."""

    order: Order
    cells: list[Cell]
    rest: str
    rest_kind: str


class InStepPage(ConsolePage):
    """To read; each cell leads to what differs and to the buttons."""

    template_name = "integrations/in_step.html"
    http_method_names = ["get", "head"]

    def load(self, pk: int) -> Any:
        return self  # not the page of a row

    def context(self) -> dict[str, Any]:
        asked = self.request.GET
        term = asked.get("q", "").replace("\x00", "").strip()[:200]
        # A search looks everywhere, not only among what is out of step.
        show = asked.get("show") if asked.get("show") in SHOWS else "all" if term else "out"
        orders = list(chosen(str(show), term, asked.get("after", ""))[: ORDERS + 1])
        more, orders = len(orders) > ORDERS, orders[:ORDERS]
        columns = filled(interested(orders), orders)
        hidden = columns[COLUMNS:]
        kept = {"q": term} if term else {}
        return {
            "title": "In step?",
            "columns": columns[:COLUMNS],
            "hidden": len(hidden),
            "hidden_titles": ", ".join(column.title for column in hidden),
            "rows": [_row(order, columns) for order in orders],
            "several_shops": len({order.shop_id for order in orders}) > 1,
            "shows": [(title, f"?{urlencode({'show': key, **kept})}", key == show) for key, title in SHOWS.items()],
            "show": show,
            "term": term,
            "older": f"?{urlencode({'show': show, **kept, 'after': cursor(orders[-1])})}" if more else "",
            "newest": f"?{urlencode({'show': show, **kept})}" if asked.get("after") else "",
            "kinds": KINDS,
        }


def chosen(show: str, term: str, after: str) -> QuerySet[Order]:
    """Orders with the newest activity first, by an index; `after` is the cursor of the last one seen."""
    orders = Order.objects.select_related("customer", "shop").defer(*BULK).order_by("-updated_at", "-id")
    if term:
        orders = searched(orders, term)
    if show != "all":
        orders = orders.filter(pk__in=orders_out_of_step(conflict_only=show == "conflict"))
    moment, _, pk = after.partition("~")
    try:
        seen, last = datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return orders
    if seen.tzinfo is None or not 0 <= last < 2**63:
        return orders
    return orders.filter(Q(updated_at__lt=seen) | Q(updated_at=seen, pk__lt=last), updated_at__lte=seen)


def cursor(order: Order) -> str:
    return f"{order.updated_at.isoformat()}~{order.pk}"


def interested(orders: Sequence[Order]) -> list[Column]:
    """Columns for everybody who is told of these orders' shops, or once was."""
    shops = {order.shop_id for order in orders}
    rows = Connection.objects.defer("secrets").filter(Q(shop__in=shops) | Q(shop=None), removed_at=None)
    domains = {order.shop.domain for order in orders}
    columns: dict[str, Column] = {}
    for connection in rows.order_by("label", "id")[:ENDPOINTS]:
        if connection.shop_id is None and connection.shops and not domains & set(connection.shops):
            continue
        key = f"connection {connection.pk}" if connection.shop_id is None else connection.system
        title = connection.label if connection.shop_id is None else connection.system.capitalize()
        columns.setdefault(key, Column(title)).connections.append(connection)
    return list(columns.values())


def filled(columns: list[Column], orders: Sequence[Order]) -> list[Column]:
    """The columns with their cells; those with most trouble first when there are too many for the page."""
    found = standings([order.pk for order in orders])
    for column in columns:
        for order in orders:
            column.cells[order.pk] = _cell(column.connections, order, found)
    if len(columns) > COLUMNS:
        return sorted(columns, key=lambda column: column.trouble, reverse=True)
    return sorted(columns, key=lambda column: column.connections[0].shop_id is None)


def _cell(connections: Collection[Connection], order: Order, found: dict[tuple[int, int], Standing]) -> Cell:
    for connection in connections:
        if standing := found.get((order.pk, connection.pk)):
            return Cell(standing.kind, KINDS[standing.kind], standing, connection.pk)
    for connection in connections:
        if connection.shop_id == order.shop_id:  # the shop's own line: the order came from there
            return Cell("in_step", KINDS["in_step"], None, connection.pk)
        if connection.shop_id is None and (not connection.shops or order.shop.domain in connection.shops):
            return Cell("untold", UNTOLD, None, connection.pk)
    return Cell()


def _row(order: Order, columns: list[Column]) -> Row:
    hidden = [column.cells[order.pk].kind for column in columns[COLUMNS:]]
    counts = [(kind, hidden.count(kind)) for kind in WORST_FIRST if kind in hidden]
    words = ", ".join(f"{number} {KINDS[kind].lower()}" for kind, number in counts)
    return Row(order, [column.cells[order.pk] for column in columns[:COLUMNS]], words, counts[0][0] if counts else "")


@admin.register(Drift, site=site)
class InStepAdmin(ConsoleAdmin):
    """The grid stands where the list of differences would, and the page of a cell where that of a row would."""

    RIGHTS: ClassVar[tuple[str, ...]] = (
        "integrations.view_connection",
        "integrations.view_delivery",
        "orders.view_order",
    )

    def get_urls(self) -> list[URLPattern]:
        grid, difference = InStepPage.as_view(admin=self), DifferencePage.as_view(admin=self)
        return [
            # Not the page of a row, so there is no row's id in its address.
            path("", self.admin_site.admin_view(grid), {"pk": 0}, name="integrations_drift_changelist"),
            path(
                "<int:pk>/order/<int:order>/",
                self.admin_site.admin_view(difference),
                name="integrations_connection_order",
            ),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return all(request.user.has_perm(right) for right in self.RIGHTS)
