"""The console as its users meet it: logged in, with forms filled in from what the page shows."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backoffice.console.roles import ensure_roles
from protection.models import Claim
from protection.tests.builders import make_agent


def agent_client(username: str = "ana", limit: str | None = "1000", *, csrf: bool = False) -> Client:
    """Logged in as an agent with the agent's permissions and this approval limit."""
    user = User.objects.filter(username=username).first() or make_agent(username, limit)
    ensure_roles()
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(user)
    return client


def superuser_client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="a-long-password-for-tests"))
    return client


def claim_url(claim: Claim) -> str:
    return reverse("admin:protection_claim_change", args=[claim.pk])


def decision(claim: Claim, verb: str, **fields: Any) -> dict[str, Any]:
    """What the decision bar posts when everything is picked, changed by `fields` (names as on the page)."""
    claim.refresh_from_db()
    posted: dict[str, Any] = {"verb": verb, "version": claim.version}
    for item in claim.items.all():
        posted |= {f"pick-{item.pk}": "on", f"quantity-{item.pk}": item.quantity}
        posted |= {f"reason-{item.pk}": "", f"note-{item.pk}": ""}
    return posted | fields


def press(client: Client, claim: Claim, verb: str, **fields: Any) -> HttpResponse:
    return client.post(claim_url(claim), decision(claim, verb, **fields))  # type: ignore[return-value]
