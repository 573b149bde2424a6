"""Asking the shop to change an order: one form at a time. What the shop says to it shows on the order's page."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from backoffice.console.pages import ConsolePage, Refused
from orders.admin.asking import FORMS, Form
from orders.changes import ChangeRefused
from orders.models import Order


class AskPage(ConsolePage):
    """The form of one kind; `kind` is a part of the address, so that a colleague can be sent the link."""

    template_name = "orders/ask.html"
    verbs: ClassVar[dict[str, str]] = {"ask": "orders.view_order"}  # each form names its own permission
    form: Form
    pointer = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = FORMS.get(kwargs.get("kind", ""))
        if form is None:
            raise Http404
        self.form = form
        return super().dispatch(request, *args, **kwargs)

    def may_see(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.form.permission)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
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
            "was": self.request.POST or self.form.shown(order),
        }
