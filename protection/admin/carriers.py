"""Carriers and their terms, and filing many cases with one of them under one reference."""

from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from backoffice.console.base import ConsoleAdmin, ReadOnlyInline
from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.site import site
from protection.admin.carrier_form import CarrierForm, CarrierTermsForm
from protection.models import Carrier, CarrierTerms, Recovery
from protection.recovery import filing, reckoning, words
from protection.recovery.actors import Actor, RecoveryRefused
from protection.recovery.default_terms import BEGIN, REASONS

MOST = 200  # cases on one page of filing many


class FileManyPage(ConsolePage):
    """What may be filed with one carrier today, soonest deadline first; the chosen ones get one reference."""

    template_name = "protection/file_many.html"
    verbs: ClassVar[dict[str, str]] = {"file_many": "protection.change_recovery"}

    def may_see(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("protection.view_recovery"))

    def load(self, pk: int) -> Carrier | None:
        return Carrier.objects.filter(pk=pk).first() if pk < 2**63 else None

    def context(self) -> dict[str, Any]:
        rows = [(one, words.countdown(one), words.tone(one), one.money(one.expected)) for one in self._waiting()]
        chosen = self.request.POST.getlist("recovery")
        return {"title": f"File with {self.subject}", "carrier": self.subject, "rows": rows, "chosen": chosen}

    def _waiting(self) -> list[Recovery]:
        now = timezone.now()
        ready = Q(opens_at=None) | Q(opens_at__lte=now)
        open_now = ready & (Q(deadline=None) | Q(deadline__gt=now)) & Q(expected__isnull=False)
        rows = Recovery.objects.filter(open_now, carrier=self.subject, state=Recovery.State.ELIGIBLE)
        return list(rows.select_related("order__shop", "parcel", "carrier").order_by("deadline", "id")[:MOST])

    def file_many(self) -> str:
        posted = [pk for pk in self.request.POST.getlist("recovery") if pk.isdecimal() and len(pk) < 19][:MOST]
        rows = list(Recovery.objects.filter(pk__in=posted, carrier=self.subject).order_by("deadline", "id"))
        if not rows:
            raise Refused("Pick the cases that were filed.")
        try:
            actor = Actor.staff(cast(User, self.request.user))
            filed = filing.file_many(rows, self.subject, actor=actor, reference=self.request.POST.get("reference", ""))
        except RecoveryRefused as refusal:
            raise Refused(str(refusal)) from refusal
        for recovery, why in filed.refused[:5]:
            messages.warning(self.request, f"{recovery} was not filed: {why}")
        return f"{filed.done} of {len(rows)} filed under {self.request.POST['reference'].strip()}."


class TermsInline(ReadOnlyInline):
    model = CarrierTerms
    fields = ("service", "region", "effective_from", "closes_after", "cover", "cover_currency", "is_default")
    readonly_fields = fields
    ordering = ("service", "region", "-effective_from")
    show_change_link = True


@admin.register(Carrier, site=site)
class CarrierAdmin(ConsoleAdmin):
    form = CarrierForm
    list_display = ("name", "other_names", "created_at")
    ordering = ("name",)
    may_add = may_change = True
    nothing_here = "No carrier yet."

    def get_urls(self) -> list[URLPattern]:
        file = FileManyPage.as_view(admin=self)
        return [
            path("<int:pk>/file/", self.admin_site.admin_view(file), name="protection_carrier_file"),
            *super().get_urls(),
        ]

    def get_inlines(self, request: HttpRequest, obj: Carrier | None = None) -> list[Any]:
        return [TermsInline] if obj else []

    def save_model(self, request: HttpRequest, obj: Carrier, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _tell(request, reckoning.terms_entered(obj, by=f"staff:{request.user.get_username()}"))

    def response_add(self, request: HttpRequest, obj: Carrier, post_url_continue: Any = None) -> HttpResponse:
        """A carrier without terms says nothing: on to them."""
        messages.success(request, f"{obj} is entered. Now its terms:")
        return HttpResponseRedirect(f"{reverse('admin:protection_carrierterms_add')}?carrier={obj.pk}")

    @admin.display(description="Also called")
    def other_names(self, carrier: Carrier) -> str:
        return ", ".join(carrier.aliases)


@admin.register(CarrierTerms, site=site)
class CarrierTermsAdmin(ConsoleAdmin):
    """Terms may be changed until something was filed under them; from then on make a new version."""

    form = CarrierTermsForm
    list_display = ("__str__", "effective_from", "to_file", "most", "looked_at")
    list_select_related = ("carrier",)
    ordering = ("carrier", "service", "region", "-effective_from")
    may_add = may_change = True
    nothing_here = "No terms yet: no carrier's deadline is known."

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The first version holds for every parcel there is, a later one from today on."""
        given: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        chosen = str(given.get("carrier", ""))
        known = chosen.isdecimal() and len(chosen) < 19 and CarrierTerms.objects.filter(carrier=int(chosen)).exists()
        start: datetime = timezone.now().replace(microsecond=0) if known else BEGIN
        usual = {
            "effective_from": start, "opens_from": ["ship_date"], "closes_from": ["ship_date"], "reasons": REASONS,
            "documents": ["Invoice", "Photos"],
        }  # fmt: skip
        return {**usual, **given}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not obj.recoveries.exclude(state=Recovery.State.ELIGIBLE).exists())

    def save_model(self, request: HttpRequest, obj: CarrierTerms, form: Any, change: bool) -> None:
        same = CarrierTerms.objects.filter(carrier=obj.carrier, service=obj.service, region=obj.region)
        if not change or {"carrier", "service", "region"} & set(form.changed_data):
            obj.number = (same.exclude(pk=obj.pk).aggregate(last=Max("number"))["last"] or 0) + 1
        obj.is_default = False
        super().save_model(request, obj, form, change)
        carriers = Carrier.objects.filter(pk__in=[obj.carrier_id, form.initial["carrier"] if change else None])
        by = f"staff:{request.user.get_username()}"
        _tell(request, sum(reckoning.terms_entered(carrier, by=by) for carrier in carriers))

    @admin.display(description="To file")
    def to_file(self, terms: CarrierTerms) -> str:
        return f"day {terms.opens_after} to {terms.closes_after}"

    @admin.display(description="Cover")
    def most(self, terms: CarrierTerms) -> str:
        return "no limit" if terms.cover is None else f"{terms.cover:f} {terms.cover_currency}"

    @admin.display(description="Looked at", boolean=True)
    def looked_at(self, terms: CarrierTerms) -> bool:
        return not terms.is_default


def _tell(request: HttpRequest, changed: int) -> None:
    if changed:
        messages.info(request, f"{changed} open case{'s' if changed != 1 else ''} computed anew.")
