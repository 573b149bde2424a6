"""Privacy requests: what a shop asked for under the law, by when, and what was done."""

import json
import time
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations import privacy
from integrations.models import PrivacyRequest

CHANGE = "integrations.change_privacyrequest"
ERASE_SECONDS = 10.0


def state_of(request: PrivacyRequest) -> tuple[str, str]:
    """(tone, words) of how it stands."""
    if request.done_at:
        return "good", "Done"
    if request.due_at < timezone.now():
        return "bad", "Overdue"
    if request.kind == PrivacyRequest.Kind.EXPORT:
        return "warn", "Hand it over"
    return "info", "Being erased"


class PrivacyPage(ConsolePage):
    template_name = "integrations/privacy.html"
    verbs: ClassVar[dict[str, str]] = {"hand_over": CHANGE, "erase_now": CHANGE}

    def load(self, pk: int) -> PrivacyRequest | None:
        return PrivacyRequest.objects.select_related("connection__shop").filter(pk=pk).first()

    def hand_over(self) -> str:
        if not privacy.hand_over(self.subject, by=self._by()):
            raise Refused("That was noted before.")
        return "Noted that the data was handed over."

    def erase_now(self) -> str:
        if self.subject.kind == PrivacyRequest.Kind.EXPORT:
            raise Refused("Nothing is to be erased for this request.")
        done = privacy.carry_out(self.subject, until=time.monotonic() + ERASE_SECONDS, by=self._by())
        return "Erased." if done else "A part is erased; the rest follows by itself."

    def _by(self) -> str:
        return f"staff:{self.request.user.get_username()}"

    def context(self) -> dict[str, Any]:
        tone, words = state_of(self.subject)
        return {
            "title": str(self.subject),
            "request_row": self.subject,
            "tone": tone,
            "state": words,
            "orders": privacy.orders_of(self.subject).count(),
            "is_export": self.subject.kind == PrivacyRequest.Kind.EXPORT,
        }


@admin.register(PrivacyRequest, site=site)
class PrivacyAdmin(ConsoleAdmin):
    page = PrivacyPage
    list_display = ("kind_said", "connection", "state_pill", "received", "due", "public_id")
    list_select_related = ("connection",)
    ordering = ("-received_at", "-id")
    nothing_here = "No shop has asked for anything. Demands come by Shopify's compliance webhooks."

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivacyRequest]:
        return super().get_queryset(request).defer("connection__secrets")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/export/",
                self.admin_site.admin_view(self.export),
                name="integrations_privacyrequest_export",
            ),
            *super().get_urls(),
        ]

    def export(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The customer's data as a file; whoever may change requests may read it."""
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        found = PrivacyRequest.objects.select_related("connection__shop").filter(pk=pk).first()
        if found is None or found.kind != PrivacyRequest.Kind.EXPORT:
            raise Http404
        body = json.dumps(privacy.export(found), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        headers = {
            "Content-Disposition": f'attachment; filename="{found.public_id}.json"',
            "Cache-Control": "no-store",
        }
        return HttpResponse(body, content_type="application/json; charset=utf-8", headers=headers)

    @admin.display(description="Asked for")
    def kind_said(self, request: PrivacyRequest) -> str:
        return request.get_kind_display()

    @admin.display(description="State")
    def state_pill(self, request: PrivacyRequest) -> str:
        return format_html('<span class="c-pill {}">{}</span>', *state_of(request))

    @admin.display(description="Received")
    def received(self, request: PrivacyRequest) -> str:
        return moment(request.received_at)

    @admin.display(description="Due")
    def due(self, request: PrivacyRequest) -> str:
        return moment(request.due_at)
