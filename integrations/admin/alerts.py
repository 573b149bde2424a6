"""Alerts: the limits that staff set, and which of them are passed now."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import CharField, Count, Q, QuerySet, Value
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html

from backoffice.console.base import ConsoleAdmin, LinkFilter
from backoffice.console.counts import badge, counts
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.panels import Panel
from backoffice.console.site import site
from backoffice.templatetags.words import moment
from integrations import alerts
from integrations.errors import GiveUp
from integrations.models import Alert, AlertLimit, Connection
from integrations.transport import check_address

CHANGE = "integrations.change_alertlimit"
VIEW = "integrations.view_alert"
MOST_ADDRESSES = 20
SHOWN = 6


def counted() -> QuerySet[Any, Any]:
    """Open alerts, for the sidebar."""
    rows = Alert.objects.filter(ended_at=None).order_by()
    named = rows.annotate(name=Value("alerts", output_field=CharField())).values("name")
    return named.annotate(number=Count("id")).values_list("name", "number")


def alerts_badge(request: HttpRequest) -> str:
    return badge(request, "alerts")


def _with_names(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    return rows.select_related("limit__connection", "connection").defer(
        "connection__secrets", "limit__connection__secrets"
    )


def open_alerts(request: HttpRequest, subject: Any) -> Panel | None:
    """On Today: the limits that are passed now, the oldest first."""
    if not request.user.has_perm(VIEW) or not (number := counts(request).get("alerts", 0)):
        return None
    rows = _with_names(Alert.objects.filter(ended_at=None)).order_by("raised_at")[:SHOWN]
    context = {"rows": [(alert, in_words(alert)) for alert in rows], "more": max(0, number - SHOWN)}
    return Panel("Alerts", "integrations/alerts_today.html", context)


def in_words(alert: Alert) -> str:
    """Such as "12 deliveries parked; the limit is 5 deliveries"."""
    return alerts.words(alert.limit, alert.value)


def told_to(limit: AlertLimit) -> str:
    """Whom a limit tells; of a webhook only the host, for its address is often a secret."""
    host = f"webhook at {urlsplit(limit.url).hostname}" if limit.url else ""
    return ", ".join(part for part in (limit.mail_to, host) if part)


def _with_tone(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    words = {alerts.RAISED: "Passed", alerts.ENDED: "Back"}
    return [{**note, "words": words[note["event"]], "tone": "bad" if note["error"] else "good"} for note in told]


class LimitForm(forms.ModelForm):
    """The checks; which fields there are and how they look is said by the admin below."""

    def clean_mail_to(self) -> str:
        """Addresses in one form: comma and space between them, none twice."""
        given = [part.strip() for part in self.cleaned_data["mail_to"].replace(";", ",").split(",") if part.strip()]
        found = list(dict.fromkeys(given))
        for address in found:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(f"{address} is not an e-mail address.") from None
        if len(found) > MOST_ADDRESSES:
            raise ValidationError(
                f"Name at most {MOST_ADDRESSES} addresses; use a list of your mail server's for more."
            )
        return ", ".join(found)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            if url:
                check_address(url)
        except GiveUp as error:
            raise ValidationError(str(error)) from error
        return url

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors and not values["mail_to"] and not values["url"]:
            raise ValidationError("Say whom to tell: give e-mail addresses, a webhook, or both.")
        return values


class LimitPage(ConsolePage):
    """One limit: what it watches, whom it tells, a test, and the alerts it raised."""

    template_name = "integrations/alert_limit.html"
    verbs: ClassVar[dict[str, str]] = {"test": CHANGE}

    def load(self, pk: int) -> AlertLimit | None:
        rows = AlertLimit.objects.select_related("connection").defer("connection__secrets")
        return rows.filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        limit: AlertLimit = self.subject
        raised = _with_names(Alert.objects.filter(limit=limit)).order_by("-id")[:20]
        return {
            "title": str(limit),
            "limit": limit,
            "told_to": told_to(limit),
            "raised": [(alert, in_words(alert)) for alert in raised],
        }

    def test(self) -> str:
        by = self.request.user.get_username()
        if problems := alerts.send_test(self.subject, by=by):
            raise Refused(" ".join(problems))
        return f"The test was sent to {told_to(self.subject)}."


@admin.register(AlertLimit, site=site)
class AlertLimitAdmin(ConsoleAdmin):
    form = LimitForm
    fields = ("measure", "connection", "limit", "mail_to", "url")
    page = LimitPage
    list_display = ("measure", "limit", "watched", "tells", "created_at")
    list_select_related = ("connection",)
    deferred = ("connection__secrets",)
    ordering = ("measure", "id")
    may_add = may_change = may_delete = True
    nothing_here = "No limit yet. Add one, and you are told when a system falls behind."

    def get_urls(self) -> list[URLPattern]:
        edit = self.admin_site.admin_view(self.edit_view)
        return [path("<path:object_id>/edit/", edit, name="integrations_alertlimit_edit"), *super().get_urls()]

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The stock form; its address of old is the page."""
        return super(ConsoleAdmin, self).change_view(request, object_id)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = Connection.objects.filter(removed_at=None).defer("secrets").order_by("label", "id")
        kwargs["empty_label"] = "each connection on its own"
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="Connection")
    def watched(self, limit: AlertLimit) -> str:
        return str(limit.connection or "each")

    @admin.display(description="Tells")
    def tells(self, limit: AlertLimit) -> str:
        return told_to(limit)


class OpenFilter(LinkFilter):
    title = "state"
    parameter_name = "state"
    default = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset if self.value() == "all" else queryset.filter(Q(ended_at=None))


class AlertPage(ConsolePage):
    """One alert, and who was told what."""

    template_name = "integrations/alert.html"

    def load(self, pk: int) -> Alert | None:
        return _with_names(Alert.objects.all()).filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        alert: Alert = self.subject
        return {"title": str(alert), "alert": alert, "words": in_words(alert), "told": _with_tone(alert.told)}


@admin.register(Alert, site=site)
class AlertAdmin(ConsoleAdmin):
    page = AlertPage
    list_display = ("what", "connection", "state_pill", "raised", "ended", "told_pill")
    list_select_related = ("limit__connection", "connection")
    deferred = ("connection__secrets", "limit__connection__secrets")
    list_filter = (OpenFilter,)
    ordering = ("-id",)
    nothing_here = "No alert. Limits are set under Set-up, Alert limits."

    @admin.display(description="Alert")
    def what(self, alert: Alert) -> str:
        return in_words(alert)

    @admin.display(description="State")
    def state_pill(self, alert: Alert) -> str:
        tone, words = ("good", "Back") if alert.ended_at else ("bad", "Open")
        return format_html('<span class="c-pill {}">{}</span>', tone, words)

    @admin.display(description="Since")
    def raised(self, alert: Alert) -> str:
        return moment(alert.raised_at)

    @admin.display(description="Back")
    def ended(self, alert: Alert) -> str:
        return moment(alert.ended_at) if alert.ended_at else "–"

    @admin.display(description="Told")
    def told_pill(self, alert: Alert) -> str:
        failed = any(note["error"] for note in alert.told)
        words = "not told yet" if not alert.told else "telling failed" if failed else "told"
        return format_html('<span class="c-pill {}">{}</span>', "warn" if failed else "", words)
