"""What customers are told: texts in versions with a preview on a real claim, macros, and each store's own sender."""

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from orders.models import Shop
from protection.messages import shops, templates, writing
from protection.messages.defaults import LANGUAGES
from protection.messages.events import EVENTS, MACRO_VARIABLES, VARIABLES
from protection.messages.rendering import Rendered, TemplateRefused
from protection.messages.sampling import sample
from protection.models import Claim, CustomerMail, Macro, MessageTemplate

LANGUAGE = re.compile(r"(?=.{2,16}$)[a-z]{2,3}(-[a-z0-9]{2,8})*")  # as long as its column
PARTS = ("subject", "text", "html")
VERSIONS = 10


class LanguageFilter(LinkFilter):
    title = "language"
    parameter_name = "language"
    default = "en"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((language, language) for language in LANGUAGES), ("all", "All languages")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> QuerySet[MessageTemplate]:
        return queryset if self.value() == "all" else queryset.filter(language=self.value())


class TextPage(ConsolePage):
    """One text: change it (which makes the next version), and read it as a customer would."""

    template_name = "protection/text.html"
    verbs: ClassVar[dict[str, str]] = {
        "save": "protection.add_messagetemplate", "preview": "protection.view_messagetemplate",
    }  # fmt: skip
    kept: MessageTemplate | None = None

    def load(self, pk: int) -> MessageTemplate | None:
        return MessageTemplate.objects.select_related("shop").filter(pk=pk).first()

    def typed(self, name: str) -> str:
        return self.request.POST.get(name, getattr(self.subject, name, "") or "")

    def context(self) -> dict[str, Any]:
        template: MessageTemplate = self.subject
        same = MessageTemplate.objects.filter(shop=template.shop, event=template.event, language=template.language)
        versions = list(same.order_by("-number")[:VERSIONS])
        claim = self._claim()
        return {
            "title": EVENTS[template.event].title if template.event in EVENTS else template.event,
            "template": template,
            "versions": versions,
            "newest": versions[0],
            "fields": {name: self.typed(name) for name in PARTS},
            "language": self.typed("language"),
            "shops": Shop.objects.order_by("domain")[:100],
            "shop": self.request.POST.get("shop", str(template.shop_id or "")),
            "variables": [(name, VARIABLES[name].words) for name in EVENTS[template.event].variables],
            "asked": self.request.GET.get("claim", ""),
            "claim": claim,
            **self._preview(claim),
        }

    def save(self) -> str:
        language = self.typed("language").strip().lower()
        if not LANGUAGE.fullmatch(language):
            raise Refused("Name the language by its code: en, de, pt-br.")
        shop = self._shop()
        parts = {name: self.typed(name) for name in PARTS}
        try:
            self.kept = templates.next_version(
                self.subject.event, language, by=f"staff:{self.request.user.get_username()}", shop=shop, **parts
            )
        except TemplateRefused as refusal:
            raise Refused(str(refusal)) from refusal
        return f"Version {self.kept.number} is in force: from now on messages are made of it."

    def preview(self) -> HttpResponse:
        return self.answer()

    def next_url(self) -> str:
        assert self.kept is not None
        return f"../../{self.kept.pk}/change/"

    def _shop(self) -> Shop | None:
        chosen = self.request.POST.get("shop", "")
        if not chosen:
            return None
        shop = Shop.objects.filter(pk=chosen).first() if chosen.isascii() and chosen.isdigit() else None
        if shop is None:
            raise Refused("There is no such store.")
        return shop

    def _claim(self) -> Claim | None:
        """The one asked for, by its id or its order's name, else the newest of the text's shop."""
        claims = Claim.objects.select_related("order__shop", "order__customer", "order__coverage").order_by("-id")
        if self.subject.shop_id:
            claims = claims.filter(order__shop=self.subject.shop_id)
        if asked := self.request.GET.get("claim", "").strip().replace("\x00", ""):
            return claims.filter(Q(public_id=asked) | Q(order__name__in=[asked, f"#{asked}"])).first()
        return claims.exclude(order__redacted_at__isnull=False).first()

    def _preview(self, claim: Claim | None) -> dict[str, Any]:
        if claim is None or not self.request.user.has_perm("protection.view_claim"):
            return {}
        parts = {name: self.typed(name) for name in PARTS}
        try:
            html = templates.checked_parts(self.subject.event, **parts)
        except TemplateRefused as refusal:
            return {"broken": str(refusal)}
        language = self.typed("language") or self.subject.language
        rendered: Rendered = sample(self.subject.event, language, claim, **{**parts, "html": html})
        return {"rendered": rendered}


@admin.register(MessageTemplate, site=site)
class MessageTemplateAdmin(ConsoleAdmin):
    """The newest version of each text; older ones are on its page."""

    page = TextPage
    list_display = ("tells", "language", "whose", "number", "subject", "by", "created_at")
    list_display_links = ("tells",)
    list_select_related = ("shop",)
    list_filter = (LanguageFilter,)
    ordering = ("event", "language", "id")
    deferred = ("text", "html")
    nothing_here = "No text in this language yet: open one in another language and save it for this one."

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageTemplate]:
        newer = MessageTemplate.objects.annotate(whose=Coalesce("shop", 0)).filter(
            whose=Coalesce(OuterRef("shop"), 0), event=OuterRef("event"), language=OuterRef("language"),
            number__gt=OuterRef("number"),
        )  # fmt: skip
        return super().get_queryset(request).filter(~Exists(newer))

    @admin.display(description="Tells")
    def tells(self, template: MessageTemplate) -> str:
        return EVENTS[template.event].title if template.event in EVENTS else template.event

    @admin.display(description="Store")
    def whose(self, template: MessageTemplate) -> str:
        return str(template.shop or "every store")


class MacroForm(forms.ModelForm):
    class Meta:
        model = Macro
        fields = ("name", "use", "language", "shop", "text")
        help_texts = {"text": f"May hold: {', '.join(MACRO_VARIABLES)}, each in double braces."}

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            writing.check_macro(text)
        except TemplateRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return text

    def clean_language(self) -> str:
        return _language(self.cleaned_data["language"])


@admin.register(Macro, site=site)
class MacroAdmin(ConsoleAdmin):
    form = MacroForm
    list_display = ("name", "use", "language", "shop")
    list_display_links = ("name",)
    list_select_related = ("shop",)
    ordering = ("use", "name", "language", "id")
    may_add = may_change = may_delete = True
    nothing_here = "No macro yet: replies that agents pick by name when they ask, decide or write."


class CustomerMailForm(forms.ModelForm):
    class Meta:
        model = CustomerMail
        fields = ("shop", "on", "sender_name", "sender_address", "reply_to", "language")

    def clean_language(self) -> str:
        return _language(self.cleaned_data["language"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("on") and not data.get("sender_address") and not settings.LOCAL:
            self.add_error("sender_address", "Say who the mails come from before they are switched on.")
        return data


@admin.register(CustomerMail, site=site)
class CustomerMailAdmin(ConsoleAdmin):
    form = CustomerMailForm
    list_display = ("shop", "state", "sender_name", "sender_address", "reply_to", "language")
    list_display_links = ("shop",)
    list_select_related = ("shop",)
    ordering = ("shop", "id")
    may_add = may_change = True

    @property
    def nothing_here(self) -> str:  # type: ignore[override]
        if settings.CUSTOMER_MAILS:
            return "No store has chosen yet: in this trial all of them write to their customers."
        return "No store has chosen yet: nobody's customers are written to. Add one, with its sender."

    @admin.display(description="Customers are written to")
    def state(self, mail: CustomerMail) -> str:
        return shops.why_off(mail) or "yes"


def _language(raw: str) -> str:
    language = raw.strip().lower()
    if not LANGUAGE.fullmatch(language):
        raise ValidationError("Name the language by its code: en, de, pt-br.")
    return language
