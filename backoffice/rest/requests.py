"""A request id on every request and answer, so that a partner can quote it and staff can find it in the log."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from backoffice import identifiers

HEADER = "X-Request-Id"


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = identifiers.new("req")  # type: ignore[attr-defined]
        response = self.get_response(request)
        response[HEADER] = request.request_id  # type: ignore[attr-defined]
        return response
