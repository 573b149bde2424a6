"""Messages in: what came, what became of it, and trying again."""

import json
import zlib
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations.inbox import handle_again
from integrations.models import InboundMessage

CHANGE = "integrations.change_inboundmessage"
SHOWN = 200_000
STUCK = (InboundMessage.State.FAILED, InboundMessage.State.PARKED)
TONES = {"handled": "good", "failed": "warn", "parked": "bad", "received": "info"}


def readable(body: bytes) -> str:
    """The body for eyes: JSON set out in lines, other text as it is, anything else as a hex dump. Never markup."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)[:SHOWN]
    except (ValueError, RecursionError):
        pass
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _hex_dump(body)
    return text[:SHOWN] if all(char.isprintable() or char in "\r\n\t" for char in text) else _hex_dump(body)


def _hex_dump(body: bytes) -> str:
    lines = []
    for start in range(0, min(len(body), 4096), 16):
        part = body[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:06x}  {part.hex(' '):<47}  {text}")
    return "\n".join(lines + ([f"… {len(body):,} bytes in all"] if len(body) > 4096 else []))


class MessagePage(ConsolePage):
    template_name = "integrations/message.html"
    verbs: ClassVar[dict[str, str]] = {"again": CHANGE}

    def load(self, pk: int) -> InboundMessage | None:
        messages = InboundMessage.objects.select_related("connection", "order").defer("connection__secrets")
        return messages.filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        message: InboundMessage = self.subject
        try:
            body = message.body
            shown = readable(body)
        except zlib.error:
            body, shown = b"", "The stored body cannot be unpacked."
        return {
            "title": f"Message {message.topic}",
            "message": message,
            "tone": TONES.get(message.state, ""),
            "body": shown,
            "size": len(body),
            "may_again": message.state in STUCK and self.request.user.has_perm(CHANGE),
        }

    def again(self) -> str:
        if self.subject.state not in STUCK:
            raise Refused(f"This message is {self.subject.get_state_display().lower()}; there is nothing to do again.")
        handle_again(self.subject, by=f"staff:{self.request.user.get_username()}")
        return "It is handled again now."


class StateFilter(LinkFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All"), ("stuck", "Failed or parked"), *InboundMessage.State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state__in=STUCK) if self.value() == "stuck" else queryset.filter(state=self.value())


@admin.register(InboundMessage, site=site)
class MessageAdmin(ConsoleAdmin):
    page = MessagePage
    list_display = ("topic", "connection", "state_pill", "result", "attempts", "came", "order_link")
    list_select_related = ("connection", "order")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    search_fields = ("delivery_key",)
    search_help_text = "Id of the delivery, in full"
    deferred = ("body_zlib", "traceback", "headers", "connection__secrets", "order__amounts")
    nothing_here = "No message here."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(delivery_key=term) if term else queryset), False

    @admin.display(description="State")
    def state_pill(self, message: InboundMessage) -> str:
        return format_html(
            '<span class="c-pill {}">{}</span>', TONES.get(message.state, ""), message.get_state_display()
        )

    @admin.display(description="Received")
    def came(self, message: InboundMessage) -> str:
        return moment(message.received_at)

    @admin.display(description="Order")
    def order_link(self, message: InboundMessage) -> str:
        return str(message.order or "–")
