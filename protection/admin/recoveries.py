"""The recovery desk: what carriers owe, the next deadline first, with what is at risk and what came of it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.counts import counts
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from orders.money import Money
from protection.admin.claim_facts import ORDER_BULK
from protection.admin.recovery_page import STATE_TONES, RecoveryPage
from protection.models import Carrier, Recovery
from protection.recovery import figures, words
from protection.recovery.figures import CarrierSum

State = Recovery.State
MONTH, YEAR = timedelta(days=30), timedelta(days=365)
QUEUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "file": ("To file", (State.ELIGIBLE,)),
    "answer": ("To answer", (State.NEEDS_INFO, State.DENIED)),
    "carrier": ("With the carrier", (State.FILED, State.APPROVED)),
    "doubt": ("Withdraw?", ()),
    "ended": ("Ended", (State.PAID, State.EXPIRED, State.WRITTEN_OFF)),
    "all": ("All", ()),
}


class QueueFilter(LinkFilter):
    title = "queue"
    parameter_name = "queue"
    default = "file"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = counts(request)
        titles = []
        for key, (title, states) in QUEUES.items():
            number = known.get("recovery_doubt", 0) if key == "doubt" else 0
            number += 0 if key == "ended" else sum(known.get(f"recovery_{state}", 0) for state in states)
            titles.append((key, f"{title} {number:,}" if number else title))
        return titles

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recovery]) -> QuerySet[Recovery]:
        # A search looks everywhere, not only in the queue that happens to be open.
        if request.GET.get("q") and "queue" not in request.GET:
            return queryset
        chosen = self.value()
        if chosen == "doubt":
            return queryset.exclude(doubt="").order_by("doubt_since", "id")
        if chosen in ("ended", "all"):
            states = QUEUES[chosen][1]
            return (queryset.filter(state__in=states) if states else queryset).order_by("-created_at", "-id")
        return queryset.filter(state__in=QUEUES[chosen][1])


class CarrierFilter(LinkFilter):
    title = "carrier"
    parameter_name = "carrier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = [(str(pk), name) for pk, name in Carrier.objects.values_list("pk", "name")]
        return [("all", "Any carrier"), *names, ("unknown", "Terms unknown")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recovery]) -> QuerySet[Recovery]:
        chosen = self.value()
        if chosen == "unknown":
            return queryset.filter(terms=None)
        return queryset if chosen == "all" else queryset.filter(carrier_id=chosen)


@dataclass(frozen=True, slots=True)
class Bar:
    """One carrier of the picture: widths of 0 to 100 for what came and what is still open, of what was expected."""

    row: CarrierSum
    wide: float
    came: float
    open: float


@admin.register(Recovery, site=site)
class RecoveryAdmin(ConsoleAdmin):
    page = RecoveryPage
    list_display = ("parcel_words", "order_name", "state_words", "left", "hoped_for", "came", "reference", "next")
    list_display_links = ("parcel_words",)
    list_select_related = ("order__shop", "parcel", "carrier")
    list_filter = (QueueFilter, CarrierFilter)
    list_before_template = "protection/recovery/_desk.html"
    ordering = (F("deadline").asc(nulls_first=True), "id")
    search_fields = ("public_id",)
    search_help_text = "Id, carrier's reference, or the name of an order"
    deferred = (*(f"order__{name}" for name in ORDER_BULK), "lines", "note")
    nothing_here = "No carrier owes anything here."

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The list, under what is at risk this week and what each carrier brought in a year."""
        now = timezone.now()
        rows = figures.by_carrier(now - YEAR)
        came = figures.received([], (now - MONTH).date())
        desk = {
            "came": [Money(amount, code) for code, amount in came.items()],
            "to_come": figures.still_to_come(rows),
            "risk": figures.at_risk(now),
            "bars": bars(rows),
            "ready": ready(rows),
        }
        return super().changelist_view(request, {**(extra_context or {}), **desk})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("rec_"):
            return queryset.filter(public_id=term), False
        by_order, by_reference = Recovery.objects.filter(order__name=term), Recovery.objects.filter(reference=term)
        return queryset.filter(pk__in=by_order.values("pk").union(by_reference.values("pk"))), False  # an index each

    @admin.display(description="Parcel")
    def parcel_words(self, recovery: Recovery) -> str:
        return str(recovery)

    @admin.display(description="Order")
    def order_name(self, recovery: Recovery) -> str:
        return recovery.order.name

    @admin.display(description="State")
    def state_words(self, recovery: Recovery) -> str:
        tone = STATE_TONES.get(State(recovery.state), "")
        state = recovery.get_state_display()
        if recovery.doubt:
            return format_html(
                '<span class="c-pill {}">{}</span> <span class="c-pill warn">Withdraw?</span>', tone, state
            )
        return format_html('<span class="c-pill {}">{}</span>', tone, state)

    @admin.display(description="To file by")
    def left(self, recovery: Recovery) -> str:
        if recovery.state != State.ELIGIBLE:
            return format_html("filed {}", moment(recovery.filed_at)) if recovery.filed_at else "–"
        day = f"{recovery.last_day:%-d %b %Y}" if recovery.last_day else ""
        return format_html('{} <span class="c-pill {}">{}</span>', day, words.tone(recovery), words.countdown(recovery))

    @admin.display(description="Expected")
    def hoped_for(self, recovery: Recovery) -> str:
        known = (recovery.approved, recovery.claimed, recovery.expected)
        amount = next((amount for amount in known if amount is not None), None)
        return str(recovery.money(amount)) if amount is not None else "not known"

    @admin.display(description="Received")
    def came(self, recovery: Recovery) -> str:
        return str(recovery.money(recovery.received)) if recovery.received else "–"

    @admin.display(description="Next")
    def next(self, recovery: Recovery) -> str:
        return recovery.get_next_actor_display()


def ready(rows: list[CarrierSum]) -> list[tuple[int, str, int]]:
    """(key, carrier, cases to file) of each known carrier with any, over all its currencies."""
    found: dict[int, tuple[int, str, int]] = {}
    for row in rows:
        if row.key and row.to_file:
            before = found[row.key][2] if row.key in found else 0
            found[row.key] = (row.key, row.carrier, before + row.to_file)
    return list(found.values())


def bars(rows: list[CarrierSum]) -> list[Bar]:
    """The picture of expected and received: the longest bar of each currency fills the width."""
    most: dict[str, Decimal] = {}
    for row in rows:
        most[row.currency] = max(most.get(row.currency, Decimal(0)), row.expected.amount, row.received.amount)
    return [
        Bar(row, *(_part(money, most[row.currency]) for money in (row.expected, row.received, row.still_open)))
        for row in rows
    ]


def _part(money: Money, most: Decimal) -> float:
    return float(round(100 * money.amount / most, 1)) if most else 0.0
