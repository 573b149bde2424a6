"""Pictures for staff: the strip on the claim page, and the pictures themselves, each look noted."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from orders.admin.story import who
from protection.evidence import UsedBefore, used_before
from protection.models import Claim, Evidence
from protection.showing import shown


@dataclass(frozen=True, slots=True)
class Picture:
    """One photo of the strip; `elsewhere`: where the same photo is in other claims."""

    evidence: Evidence
    elsewhere: list[UsedBefore]

    @property
    def url(self) -> str:
        return reverse("admin:protection_evidence_picture", args=[self.evidence.pk])

    @property
    def thumbnail_url(self) -> str:
        return reverse("admin:protection_evidence_thumbnail", args=[self.evidence.pk])

    @property
    def uploaded_by(self) -> str:
        return who(self.evidence.uploaded_by)

    @property
    def taken(self) -> str:
        return self.evidence.taken_at.replace("T", " ")


def strip(claim: Claim) -> list[Picture]:
    """The claim's photos, oldest first, in a fixed number of queries."""
    photos = list(claim.evidence.filter(removed_at=None))
    found = used_before(claim) if photos else []
    return [Picture(photo, [one for one in found if one.own.pk == photo.pk]) for photo in photos]


@admin.register(Evidence, site=site)
class EvidenceAdmin(ConsoleAdmin):
    """The list is for looking up; pictures are looked at on their claim's page."""

    list_display = ("public_id", "claim", "kind", "uploaded_by", "created_at", "removed_at")
    list_display_links = None
    list_select_related = ("claim__order",)
    ordering = ("-id",)
    search_fields = ("public_id__exact",)
    search_help_text = "Id of a photo"
    nothing_here = "No photo was sent yet."

    def get_urls(self) -> list[URLPattern]:
        look = self.admin_site.admin_view(require_safe(self.look), cacheable=True)
        return [
            path("<int:pk>/picture", look, {"thumbnail": False}, name="protection_evidence_picture"),
            path("<int:pk>/thumbnail", look, {"thumbnail": True}, name="protection_evidence_thumbnail"),
            *super().get_urls(),
        ]

    def look(self, request: HttpRequest, pk: int, thumbnail: bool) -> HttpResponseBase:
        """The picture of one row, for those who may see evidence."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        evidence = Evidence.objects.filter(pk=pk).first() if pk < 2**63 else None
        if evidence is None:
            raise Http404
        return shown(evidence, by=f"staff:{request.user.get_username()}", thumbnail=thumbnail)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """There is no form: the facts are on the claim's page."""
        raise Http404
