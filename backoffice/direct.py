# mypy: disable-error-code="var-annotated,attr-defined,arg-type,override,misc,no-any-return"
# The stubs do not describe the handler's inner methods, which Django has kept since 1.10.
"""A short way through Django, for addresses that machines post to by the thousand.

The middleware that people's pages need (sessions, messages, CSRF, content policy, static files) and Django's signals
around a request cost more than a webhook's signature check and its INSERT together, and do nothing for a view that
authenticates by signature. Here only the request id is kept; URLs, views and error answers are the usual ones.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections

from backoffice.rest.requests import RequestIdMiddleware

PREFIX = "/webhooks/"


class DirectHandler(WSGIHandler):
    """Serves what lies under PREFIX. Views there hold no sessions and must authenticate by themselves."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware = self._template_response_middleware = self._exception_middleware = []
        view = convert_exception_to_response(self._get_response)
        self._middleware_chain = convert_exception_to_response(RequestIdMiddleware(view))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        close_old_connections()  # the one thing of those signals that is needed: replace what is dead or too old
        response = self.get_response(self.request_class(environ))
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]
