"""Shopify's Admin GraphQL API: one call, its cost, its errors.

THROTTLED comes as HTTP 200 with `errors[].extensions.code` and no data; then we wait as long as the bucket needs to
refill to what the query costs. https://shopify.dev/docs/api/usage/limits
"""

import json
from collections.abc import Collection
from typing import Any

from django.conf import settings

from integrations import transport
from integrations.errors import GiveUp, RetryLater, Throttled
from integrations.models import Connection
from integrations.shopify import budget, tokens
from integrations.shopify.app_queries import INSTALLATION
from integrations.transport import Answer

KEPT_BYTES = 16 * 1024 * 1024  # one page of an order with hundreds of lines


class Shopify:
    """The API of one connection. Returns data, or raises RetryLater or GiveUp; never a response object."""

    def __init__(self, connection: Connection) -> None:
        version = settings.SHOPIFY_API_VERSION
        self.connection = connection
        self.url = f"{connection.url.rstrip('/')}/admin/api/{version}/graphql.json"

    def run(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Data of one operation. Raises RetryLater (no answer, 5xx, throttled), GiveUp (no token, refused query).

        A refused token is renewed once and the operation repeated, which did nothing yet. Never inside a transaction.
        """
        return self.run_partly(document, variables, optional=())[0]

    def run_partly(
        self, document: str, variables: dict[str, Any], *, optional: Collection[str]
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """As `run`, but the fields named in `optional` may be denied: (data, names of those that were).

        A denied field is null, and so is what it is in, up to the next field that may be null.
        """
        payload = self._payload(document, variables)
        errors = payload.get("errors") or []
        denied = frozenset(name for error in errors if (name := _denied(error)) in optional)
        if errors and not (payload.get("data") and all(_denied(error) in optional for error in errors)):
            self._raise(errors, payload)
        return payload["data"], denied

    def _payload(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        if self.connection.uninstalled_at:
            raise GiveUp("The app was uninstalled; connect the store again.", parked="configuration")
        if self.connection.paused_because.startswith(tokens.CONNECT_AGAIN):
            raise GiveUp(self.connection.paused_because, parked="configuration")
        token = tokens.current(self.connection)
        answer = self._ask(token, document, variables)
        if answer.status == 401:
            token = tokens.renewed(self.connection, stale=token)
            answer = self._ask(token, document, variables)
        if answer.status in (401, 403):
            reason = "Shopify refuses our token; connect the store again."
            if answer.status == 401:
                tokens.died(self.connection, reason, stale=token)
            raise GiveUp(reason, parked="configuration", status=answer.status, answer=answer.text[:2000])
        if answer.status == 404:
            raise GiveUp("There is no Shopify API at this address.", parked="configuration", status=404)
        if answer.status != 200:
            after = transport.retry_after(answer)
            raise RetryLater(f"Shopify answered {answer.status}.", after=after, status=answer.status)
        try:
            payload = json.loads(answer.body)
        except ValueError as error:
            raise RetryLater("Shopify's answer is not JSON.", status=200, answer=answer.text[:2000]) from error
        budget.note(self.connection, payload, answer.headers.get("x-shopify-api-version", ""))
        self.heard(answer, payload)
        return dict(payload)

    def opens(self) -> bool:
        """Whether we can still open the store, with another token where ours has ended. Raises RetryLater."""
        token = self.connection.secrets.get("token", "")
        answer = self._ask(token, INSTALLATION, {})
        if answer.status == 401:
            try:
                token = tokens.renewed(self.connection, stale=token, is_final=False)
            except GiveUp:
                return False
            answer = self._ask(token, INSTALLATION, {})
        if answer.status in (401, 403):
            return False
        if answer.status != 200:
            raise RetryLater(f"Shopify answered {answer.status}.", status=answer.status)
        return True

    def _ask(self, token: str, document: str, variables: dict[str, Any]) -> Answer:
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": token}
        return transport.post(self.url, body, headers, keep=KEPT_BYTES)

    def heard(self, answer: Answer, payload: dict[str, Any]) -> None:
        """For those who keep what an answer says beside its data: its cost, the shop's time."""

    def _raise(self, errors: Any, payload: dict[str, Any]) -> None:
        """Partial data beside an error (a denied field, say) is not taken as the whole: it would blank what we have."""
        text = json.dumps(errors)[:2000]
        codes = {(e.get("extensions") or {}).get("code") for e in errors if isinstance(e, dict)}
        if "THROTTLED" in codes:
            cost = (payload.get("extensions") or {}).get("cost") or {}
            bucket = cost.get("throttleStatus") or {}
            missing = float(cost.get("requestedQueryCost") or 0) - float(bucket.get("currentlyAvailable") or 0)
            after = max(0.5, missing / float(bucket.get("restoreRate") or 50))
            raise Throttled("Shopify throttles us.", after=after, status=200, answer=text)
        if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
            raise RetryLater("Shopify had an error of its own.", status=200, answer=text)
        raise GiveUp(f"Shopify refused the query: {text[:200]}", parked="refused", status=200, answer=text)


def _denied(error: Any) -> str:
    """The name of the field that an error says we may not see, "" for any other error."""
    if not isinstance(error, dict) or (error.get("extensions") or {}).get("code") != "ACCESS_DENIED":
        return ""
    names = [part for part in error.get("path") or [] if isinstance(part, str)]
    return names[-1] if names else ""


def number_of(gid: str) -> int:
    """1 for gid://shopify/Order/1."""
    return int(gid.rsplit("/", 1)[-1].split("?")[0])


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"
