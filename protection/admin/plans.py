"""Plans, their dated versions, and who may approve how much."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone

from backoffice.console.base import ConsoleAdmin, ReadOnlyInline
from backoffice.console.site import site
from protection.models import ApprovalLimit, Plan, PlanVersion


class VersionsInline(ReadOnlyInline):
    model = PlanVersion
    fields = ("number", "effective_from", "pricing", "currency", "flat_fee", "percent", "text_version")
    readonly_fields = fields
    ordering = ("-effective_from",)


@admin.register(Plan, site=site)
class PlanAdmin(ConsoleAdmin):
    list_display = ("__str__", "shop", "market", "currency", "created_at")
    list_select_related = ("shop",)
    fields = ("name", "shop", "market", "countries", "currency", "public_id", "created_at")
    readonly_fields = ("public_id", "created_at")
    inlines = (VersionsInline,)
    may_add = True
    nothing_here = "No plan yet. Without one no order is covered."


class PlanVersionForm(forms.ModelForm):
    class Meta:
        model = PlanVersion
        fields = (
            "plan", "effective_from", "pricing", "currency", "flat_fee", "percent", "tiers", "minimum", "maximum",
            "rounding_step", "fee_base", "fee_on_tax", "largest_cart", "excluded_skus", "excluded_product_ids",
            "excluded_tags", "excludes_digital", "excludes_gift_cards", "excludes_free", "fee_skus",
            "fee_product_ids", "fee_variant_ids", "fee_attribute", "consent_attribute", "pro_rata",
            "text", "text_version",
        )  # fmt: skip

    def clean_effective_from(self) -> Any:
        """A new version starts in the future: orders already placed keep the rules they were placed under."""
        start = self.cleaned_data["effective_from"]
        plan = self.cleaned_data.get("plan") or (self.instance.plan_id and self.instance.plan)
        if plan and start <= timezone.now() and plan.versions.exclude(pk=self.instance.pk).exists():
            raise ValidationError("A new version of a plan must start in the future.")
        return start


@admin.register(PlanVersion, site=site)
class PlanVersionAdmin(ConsoleAdmin):
    """A version may be changed until the day it starts. From then on orders rest on it: make a new one."""

    form = PlanVersionForm
    list_display = ("__str__", "effective_from", "pricing", "currency", "in_force")
    list_select_related = ("plan__shop",)
    ordering = ("plan", "-effective_from")
    may_add = may_change = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.effective_from > timezone.now())

    def save_model(self, request: HttpRequest, obj: PlanVersion, form: Any, change: bool) -> None:
        if not change:
            last = PlanVersion.objects.filter(plan=obj.plan).aggregate(last=Max("number"))["last"]
            obj.number = (last or 0) + 1
        super().save_model(request, obj, form, change)

    @admin.display(description="Published", boolean=True)
    def in_force(self, version: PlanVersion) -> bool:
        return version.effective_from <= timezone.now()


@admin.register(ApprovalLimit, site=site)
class ApprovalLimitAdmin(ConsoleAdmin):
    """Nobody but a superuser sets the limit of a group they are in."""

    list_display = ("group", "amount")
    list_select_related = ("group",)
    may_add = may_change = may_delete = True
    nothing_here = "No limits yet: nobody but a superuser may approve anything."

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not self._own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._own(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and not request.user.is_superuser:
            field.queryset = field.queryset.exclude(user=request.user)
        return field

    def _own(self, request: HttpRequest, obj: ApprovalLimit | None) -> bool:
        if obj is None or request.user.is_superuser:
            return False
        return request.user.groups.filter(pk=obj.group_id).exists()
