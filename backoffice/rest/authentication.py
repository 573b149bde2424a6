"""Bearer keys and scopes of the partner API."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backoffice.models import ApiKey, Partner


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer pk_live_…`; request.user becomes the Partner, request.auth the ApiKey."""

    def authenticate(self, request: Request) -> tuple[Partner, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            raise AuthenticationFailed("Send the key as `Authorization: Bearer pk_…`.", "unauthenticated")
        key = ApiKey.objects.find(parts[1].decode("latin-1"))
        if key is None:
            raise AuthenticationFailed("This key is unknown, expired or revoked.", "unauthenticated")
        return key.partner, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """A view names the scope of each method: `scopes = {"GET": "orders:read"}`. A method without scope is not there."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        scope = getattr(view, "scopes", {}).get("GET" if request.method == "HEAD" else request.method)
        if scope is None:
            raise MethodNotAllowed(request.method or "")
        self.message = f"This key lacks the scope {scope}."
        self.code = "missing_scope"
        return request.auth.allows(scope)


def key_of(request: Request) -> ApiKey:
    """The key of an authenticated API request, with its partner."""
    assert isinstance(request.auth, ApiKey)  # HasScope lets nothing else through
    return request.auth
