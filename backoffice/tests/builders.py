"""Plain builders for tests of the API: keys, and a partner's client."""

import json
from typing import Any

from django.test import Client

from backoffice.models import ApiKey, Partner
from backoffice.models.api_key import SCOPES


def make_key(*scopes: str, shop: str = "", partner: str = "acme") -> tuple[ApiKey, str]:
    """A key with these scopes (all without any) and its secret."""
    owner, _ = Partner.objects.get_or_create(name=partner)
    return ApiKey.issue(owner, list(scopes) or list(SCOPES), shop)


class Api:
    """A partner's client: JSON in, JSON out, one bearer key. `raw` sends bytes as they are."""

    def __init__(self, secret: str = "") -> None:
        self.authorization = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client()

    def get(self, path: str, **parameters: Any) -> Any:
        return self.client.get(path, parameters, headers=self.authorization)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(path, body, "application/json", headers={**self.authorization, **headers})

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Any other method: PATCH, DELETE."""
        raw = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, path, raw, "application/json", headers={**self.authorization, **headers})

    def raw(self, path: str, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
        sent = {**self.authorization, **headers}
        return self.client.generic("POST", path, body, content_type, headers=sent)


def api(*scopes: str, shop: str = "", partner: str = "acme") -> Api:
    return Api(make_key(*scopes, shop=shop, partner=partner)[1])


def assert_problem(response: Any, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """The answer is a problem of this kind; returns its body."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["code"] == code, body
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-Id"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in body.get("errors", [])], body
    return body
