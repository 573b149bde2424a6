"""Showing a picture: to staff by their session, to anybody else by a link that is signed and lasts five minutes."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views import View

from backoffice.rest.problems import plain_problem
from protection import evidence_files
from protection.models import Evidence, EvidenceView

LINK_LASTS = timedelta(minutes=5)
_SALT = "protection.evidence"


def link(evidence: Evidence, *, made_for: str, thumbnail: bool = False) -> str:
    """The address of the picture for the next five minutes; each use is noted as by link:`made_for`."""
    token = signing.dumps([evidence.public_id, made_for, thumbnail], salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('evidence-link', args=[token])}"


def link_ends() -> datetime:
    """When a link that is made now ends."""
    return timezone.now() + LINK_LASTS


def shown(evidence: Evidence, *, by: str, thumbnail: bool = False) -> HttpResponseBase:
    """The picture as an answer that can do nothing but be looked at; the view is noted. Raises Http404 if it went."""
    if evidence.removed_at is not None:
        raise Http404
    try:
        file = evidence_files.storage().open(evidence.file + (evidence_files.THUMBNAIL if thumbnail else ""))
    except FileNotFoundError:
        raise Http404 from None
    EvidenceView.objects.create(evidence=evidence, by=by[:255])
    content_type = "image/jpeg" if thumbnail else evidence.content_type
    answer = FileResponse(file, content_type=content_type, filename=evidence.file_name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "private, no-store"
    return answer


class SignedLink(View):
    """GET /v1/evidence/{token}: the token is all that is needed, and it is short-lived."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            public_id, made_for, thumbnail = signing.loads(token, salt=_SALT, max_age=LINK_LASTS)
        except signing.SignatureExpired:
            return plain_problem(request, 410, "link_expired", "This link has ended. Ask for a new one.")
        except (signing.BadSignature, ValueError):
            raise Http404 from None
        evidence = Evidence.objects.filter(public_id=public_id).first()
        if evidence is None:
            raise Http404
        return shown(evidence, by=f"link:{made_for}", thumbnail=thumbnail)
