"""Asking the shop to change an order: one form at a time. What the shop says to it shows on the order's page."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from backoffice.console.pages import ConsolePage, Refused
from orders.admin.asks import FORMS, Form
from orders.admin.asks.form import units_typed
from orders.admin.order_facts import LineRow, line_rows
from orders.changes import ChangeRefused
from orders.models import Change, Order, UnitUse


class AskPage(ConsolePage):
    """The form of one kind; `kind` is a part of the address, so that a colleague can be sent the link."""

    template_name = "orders/ask.html"
    verbs: ClassVar[dict[str, str]] = {"ask": "orders.view_order"}  # each form names its own permission
    form: Form
    pointer = ""
    asked: list[int]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = FORMS.get(kwargs.get("kind", ""))
        if form is None:
            raise Http404
        self.form = form
        return super().dispatch(request, *args, **kwargs)

    def may_see(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.form.permission)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not self.may_see(request):
            raise PermissionDenied
        return super().post(request, **kwargs)

    def load(self, pk: int) -> Order | None:
        return Order.objects.select_related("shop", "customer").prefetch_related("lines").filter(pk=pk).first()

    def ask(self) -> str:
        if reason := self.form.closed(self.subject):
            raise Refused(reason)
        by = f"staff:{self.request.user.get_username()}"
        try:
            self.form.ask(self.subject, self.request.POST, by)
        except ChangeRefused as refusal:
            self.pointer = refusal.pointer
            self.asked = self._asked()
            raise Refused(str(refusal)) from refusal
        return f"{self.form.title}: the shop is asked. What it says shows under Changes."

    def next_url(self) -> str:
        return reverse("admin:orders_order_change", args=[self.subject.pk])

    def context(self) -> dict[str, Any]:
        order: Order = self.subject
        user = self.request.user
        return {
            "title": f"{self.form.title} of {order}",
            "order": order,
            "form": self.form,
            "forms": [form for form in FORMS.values() if user.has_perm(form.permission)],
            "closed": self.form.closed(order),
            "at": self.pointer.rsplit("/", 1)[-1],
            "at_line": self._line_at(),
            "was": self.request.POST or self.form.shown(order),
            "rows": self._rows(),
            "choices": self.form.choices,
            "facts": self.form.facts(order),
        }

    def _asked(self) -> list[int]:
        """The lines that were named to the verb, in their order: all of an edit, of others those with units."""
        typed = units_typed(self.subject, self.request.POST)
        return [line.pk for line, units in typed if units or self.form.kind == Change.Kind.EDIT]

    def _rows(self) -> list[LineRow]:
        """Lines with what was typed beside them, or the form's first number."""
        if self.form.units is None:
            return []
        numbers = self.form.units(self.subject)
        lines = [line for line in self.subject.lines.all() if line.pk in numbers]
        rows = line_rows(lines, UnitUse.objects.filter(line__order=self.subject, released_at=None))
        for row in rows:
            first, row.extra["of"] = numbers[row.line.pk]
            row.extra["typed"] = self.request.POST.get(f"units-{row.line.pk}", first)
        return rows

    def _line_at(self) -> int | None:
        """The line a refusal is about; its pointer counts the lines asked, /lines/0 being the first."""
        parts = self.pointer.split("/")
        if len(parts) < 3 or parts[1] != "lines" or not parts[2].isdecimal():
            return None
        index = int(parts[2])
        return self.asked[index] if index < len(self.asked) else None
