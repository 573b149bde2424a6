"""Rules of reasons: read in plain words, changed by a new version with a day of its own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from protection.models import ReasonRule
from protection.rules import rule_text


class ReasonRuleForm(forms.ModelForm):
    class Meta:
        model = ReasonRule
        fields = (
            "reason", "shop", "effective_from", "anchors", "earliest_domestic", "earliest_international",
            "latest_domestic", "latest_international", "hours_past_promise", "evidence", "questions", "remedies",
            "return_needed", "pays_tax", "pays_shipping", "pays_duties", "pays_fee",
        )  # fmt: skip

    def clean_effective_from(self) -> Any:
        """A new version starts in the future: orders already placed keep the rules they were placed under."""
        start = self.cleaned_data["effective_from"]
        if start <= timezone.now():
            raise ValidationError("A new version of a rule must start in the future.")
        return start


@admin.register(ReasonRule, site=site)
class ReasonRuleAdmin(ConsoleAdmin):
    """A version may be changed until the day it starts. From then on orders rest on it: make a new one."""

    form = ReasonRuleForm
    list_display = ("__str__", "effective_from", "words", "in_force")
    list_select_related = ("shop",)
    ordering = ("reason", "shop", "-effective_from")
    may_add = may_change = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.effective_from > timezone.now())

    def save_model(self, request: HttpRequest, obj: ReasonRule, form: Any, change: bool) -> None:
        if not change:
            same = ReasonRule.objects.filter(shop=obj.shop, reason=obj.reason)
            obj.number = (same.aggregate(last=Max("number"))["last"] or 0) + 1
        super().save_model(request, obj, form, change)

    @admin.display(description="In words")
    def words(self, rule: ReasonRule) -> str:
        return rule_text(rule)

    @admin.display(description="Published", boolean=True)
    def in_force(self, rule: ReasonRule) -> bool:
        return rule.effective_from <= timezone.now()
