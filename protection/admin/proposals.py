"""Decisions that wait for a second person, and what became of them: to read."""

from django.contrib import admin

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from protection.models import Proposal


@admin.register(Proposal, site=site)
class ProposalAdmin(ConsoleAdmin):
    """Written by the verbs of `protection.proposing` only."""

    list_display = ("claim", "state", "proposed_by", "proposed_at", "settled_by", "settled_at")
    list_filter = ("state",)
    list_select_related = ("claim__order", "proposed_by", "settled_by")
    ordering = ("-id",)
