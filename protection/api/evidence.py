"""Evidence for partners: /v1/claims/{id}/evidence, and one of it."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import UnreadablePostError
from django.shortcuts import get_object_or_404
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.rest.authentication import key_of
from backoffice.rest.idempotency import once
from backoffice.rest.problems import Problem
from protection import evidence as verbs
from protection import showing
from protection.api.claims import visible_claims
from protection.eligibility import ClaimRefused
from protection.models import Claim, Evidence
from protection.models.claim import MoveRefused
from protection.photos import MAX_BYTES, PhotoRefused, Readable

FORM = 64 * 1024  # what a form may add around the photo
STATUS = {"too_large": 413, "busy": 429}  # all other refusals are 422


class PhotoBody(BaseParser):
    """The body is the photo; it is read where it is kept, piece by piece."""

    media_type = "image/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        return {"photo": stream}


class BytesBody(PhotoBody):
    media_type = "application/octet-stream"


class ClaimEvidence(APIView):
    """GET: the claim's photos, each with links that last five minutes.

    POST: add one, as the body itself or as the field `photo` of a form; `kind` in the address or the form. What it is
    is told by its content, never by its name or type. 201 for a new one, 200 for one the claim had already.
    """

    scopes = {"GET": "claims:read", "POST": "claims:write"}
    parser_classes = [MultiPartParser, PhotoBody, BytesBody]

    def get(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        by = _by(request)
        return Response({"data": [represent(one, by) for one in claim.evidence.filter(removed_at=None)]})

    def post(self, request: Request, public_id: str) -> Response:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        photo, kind = _sent(request)
        try:
            with verbs.prepared(claim, photo) as sent:
                whole = f"{sent.sha256} {kind}".encode()
                return once(request, lambda: self._attach(request, claim, sent, kind), body=whole)
        except UnreadablePostError:
            raise Problem(400, "incomplete", "The upload broke off. Send it again.") from None
        except PhotoRefused as refusal:
            raise Problem(STATUS.get(refusal.code, 422), refusal.code, str(refusal), "/photo") from refusal
        except ClaimRefused as refusal:
            status = 422 if refusal.pointer else 409
            raise Problem(status, refusal.code, str(refusal), refusal.pointer) from refusal
        except MoveRefused as refusal:
            raise Problem(409, "wrong_state", str(refusal)) from refusal

    def _attach(self, request: Request, claim: Claim, sent: verbs.Prepared, kind: str) -> Response:
        by = _by(request)
        evidence = verbs.attach(claim, sent, by=by, kind=kind)
        place = f"/v1/claims/{claim.public_id}/evidence/{evidence.public_id}"
        return Response(represent(evidence, by), status=201 if evidence.file == sent.name else 200,
                        headers={"Location": place})  # fmt: skip


class OneEvidence(APIView):
    """GET: one photo's facts and links. DELETE: take it back, while nothing was decided; again changes nothing."""

    scopes = {"GET": "claims:read", "DELETE": "claims:write"}

    def get(self, request: Request, public_id: str, evidence: str) -> Response:
        return Response(represent(self._find(request, public_id, evidence, removed_at=None), _by(request)))

    def delete(self, request: Request, public_id: str, evidence: str) -> Response:
        found = self._find(request, public_id, evidence)
        try:
            verbs.withdraw_evidence(found, by=_by(request))
        except (ClaimRefused, MoveRefused) as refusal:
            raise Problem(409, getattr(refusal, "code", "wrong_state"), str(refusal)) from refusal
        return Response(status=204)

    def _find(self, request: Request, public_id: str, evidence: str, **more: Any) -> Evidence:
        claim = get_object_or_404(visible_claims(key_of(request)), public_id=public_id)
        return get_object_or_404(Evidence.objects.select_related("claim"), claim=claim, public_id=evidence, **more)


def _by(request: Request) -> str:
    return f"partner:{key_of(request).partner.name}"


def _sent(request: Request) -> tuple[Readable, str]:
    """The photo as something to read from, and its kind; raises Problem before anything big is read."""
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise Problem(411, "length_required", "Send the photo's size as Content-Length.")
    length = length if length.isascii() and length.isdigit() and len(length) < 20 else "0"
    if int(length) > MAX_BYTES + FORM:
        raise Problem(413, "too_large", str(PhotoRefused("too_large")), "/photo")
    try:
        data: Any = request.data
    except UnreadablePostError:
        raise Problem(400, "incomplete", "The upload broke off. Send it again.") from None
    except RequestDataTooBig:
        raise
    except SuspiciousOperation as error:  # more fields or files than a form may have
        raise Problem(400, "invalid_request", "This form has too many fields.") from error
    photo = data.get("photo")
    if photo is None and int(length) == 0:
        raise Problem(422, "empty", str(PhotoRefused("empty")), "/photo")
    if isinstance(photo, str) or photo is None:
        raise Problem(422, "no_photo", "Send the photo as the body, or as the file field `photo` of a form.", "/photo")
    kind = request.query_params.get("kind") or (data.get("kind") if isinstance(photo, UploadedFile) else "")
    return photo, kind or Evidence.Kind.PHOTO


def represent(evidence: Evidence, by: str) -> dict[str, Any]:
    """A photo as JSON; its links are made for `by` and end soon."""
    return {
        **facts(evidence),
        "url": showing.link(evidence, made_for=by),
        "thumbnail_url": showing.link(evidence, made_for=by, thumbnail=True),
        "urls_end_at": showing.link_ends(),
    }


def facts(evidence: Evidence) -> dict[str, Any]:
    """What is known of a photo, without a way to see it."""
    return {
        "id": evidence.public_id,
        "kind": evidence.kind,
        "content_type": evidence.content_type,
        "width": evidence.width,
        "height": evidence.height,
        "size": evidence.size,
        "sha256": evidence.sha256,
        "taken_at": evidence.taken_at or None,
        "uploaded_by": evidence.uploaded_by,
        "created_at": evidence.created_at,
    }
