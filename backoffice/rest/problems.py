"""Errors as RFC 9457 `application/problem+json`: a stable `code`, a sentence that says what to do, a request id.

Field errors carry JSON pointers: {"errors": [{"pointer": "/items/0/quantity", "code": "invalid", "detail": "…"}]}.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


class Problem(exceptions.APIException):
    """Raise this to answer with a problem. `pointer` names the field of the request body that is at fault."""

    def __init__(self, status: int, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(_sayable(detail), code)
        self.status_code = status
        self.code = code
        self.pointer = _sayable(pointer)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Anything unforeseen is left to Django (a 500 with the same shape, and a log entry)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = Problem(413, "too_large", "A request body has at most a megabyte.")
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    body = _body(error)
    request = context.get("request")
    body["request_id"] = getattr(getattr(request, "_request", request), "request_id", "")
    headers = {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, status=error.status_code, headers=headers, content_type=CONTENT_TYPE)


def _body(error: exceptions.APIException) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "about:blank", "title": error.default_detail, "status": error.status_code}
    if isinstance(error, exceptions.ValidationError):
        errors = list(_field_errors(error.get_full_details(), ""))
        return body | {
            "title": "The request is not valid.",
            "code": "invalid_request",
            "detail": " ".join(f"{e['pointer'] or '/'}: {e['detail']}" for e in errors[:5]),
            "errors": errors,
        }
    if isinstance(error, Problem):
        body |= {"title": str(error.detail), "code": error.code, "detail": str(error.detail)}
        if error.pointer:
            body["errors"] = [{"pointer": error.pointer, "code": error.code, "detail": str(error.detail)}]
        return body
    code = getattr(error.detail, "code", error.default_code)
    return body | {"code": str(code), "title": str(error.detail), "detail": str(error.detail)}


def _field_errors(details: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(details, dict) and {"message", "code"} == set(details):
        yield {"pointer": pointer, "code": str(details["code"]), "detail": _sayable(str(details["message"]))}
    elif isinstance(details, dict):
        for name, inner in details.items():
            # DRF files errors of the whole object under this name; they belong to the object itself.
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(details, list):
        for index, inner in enumerate(details):
            is_leaf = isinstance(inner, dict) and {"message", "code"} == set(inner)
            yield from _field_errors(inner, pointer if is_leaf else f"{pointer}/{index}")


def _sayable(text: str) -> str:
    """What was sent may be quoted; a lone surrogate in it could not be written out again."""
    return text.encode("utf-8", "replace").decode()


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: a page for people in the console, a problem for programs everywhere else."""
    if request.path.startswith("/admin/"):
        return page_not_found(request, exception)
    return plain_problem(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> JsonResponse:
    """Django's handler500."""
    return plain_problem(
        request, 500, "server_error", "Something broke on our side. It is logged under the request id."
    )


def plain_problem(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    """A problem from a view that is none of the API's."""
    body = {"type": "about:blank", "title": detail, "status": status, "code": code, "detail": detail}
    body["request_id"] = getattr(request, "request_id", "")
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
