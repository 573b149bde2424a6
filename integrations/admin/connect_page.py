"""Connecting a store, first step: which store, which app, and by which way it gives us a token."""

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from backoffice.console.pages import ConsolePage, Refused
from integrations import connecting
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection
from integrations.shopify import access, installing
from integrations.shopify.installing import App

CHANGE = "integrations.change_connection"
WAYS = {
    "credentials": ("Client credentials", "App and store belong to one organisation. The usual way for a store of "
                    "your own: nothing to agree to, a new token each day."),
    "consent": ("Consent of the store", "The store belongs to somebody else. Its owner agrees on a page of Shopify's; "
                "the token is renewed each hour."),
    "session": ("Session token", "The app shows a page inside the store's admin, which proves itself. Prepare the "
                "store here; it is connected when the page is opened for the first time."),
    "token": ("A token it has", "An old app made in the store's own admin, whose token never expires. New ones cannot "
              "be made since January 2026."),
}  # fmt: skip


class ConnectPage(ConsolePage):
    """Nothing that is typed as a secret is ever shown again."""

    template_name = "integrations/store_connect.html"
    verbs: ClassVar[dict[str, str]] = {"connect": CHANGE}
    consent_url = ""

    def may_see(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(CHANGE))

    def load(self, pk: int) -> Connection:
        return Connection()  # not the page of a row

    def context(self) -> dict[str, Any]:
        asked = self.request.GET.get("store", "")
        known = Connection.objects.filter(system="shopify", shop__domain=asked).select_related("shop").first()
        typed = {name: self.request.POST.get(name, "").strip() for name in ("domain", "api_url", "client_id", "way")}
        if known and known.shop and self.request.method != "POST":
            own = known.url if known.url != f"https://{known.shop.domain}" else ""
            typed = {"domain": known.shop.domain, "api_url": own, "client_id": known.client_id, "way": _way_of(known)}
        return {
            "title": "Connect a store",
            "typed": typed | {"way": typed["way"] if typed["way"] in WAYS else "credentials"},
            "ways": [(name, title, words) for name, (title, words) in WAYS.items()],
            "callback": installing.callback_url(),
            "scopes": [scope for scope in access.SCOPES if scope.asked],
            "consent_url": self.consent_url,
        }

    def connect(self) -> HttpResponse | str:
        posted = {name: value.strip() for name, value in self.request.POST.items() if isinstance(value, str)}
        domain, way = posted.get("domain", "").lower(), posted.get("way", "")
        api_url = posted.get("api_url") or f"https://{domain}"
        secret, client_id = posted.get("secret", ""), posted.get("client_id", "")
        try:
            if way == "consent":
                user = self.request.user
                app = App(client_id, secret)
                self.subject, self.consent_url = installing.begin(domain, api_url, app, user=cast(User, user))
                return self.answer()
            if way == "session":
                args = {"api_url": api_url, "secret": secret, "client_id": client_id}
                self.subject = connecting.prepare(domain, **args)
                return "The store is prepared. It is connected when the app's page is opened in its admin."
            if way not in WAYS:
                raise Refused("Choose how the store gives us a token.")
            self.subject = connecting.connect_shop(domain, api_url=api_url, secret=secret, **_given(way, posted))
        except (ValueError, GiveUp, RetryLater) as reason:
            raise Refused(f"{reason} Nothing was changed.") from reason
        return f"{domain} is connected."

    def next_url(self) -> str:
        return reverse("admin:integrations_connection_guide", args=[self.subject.pk])


def _given(way: str, posted: dict[str, str]) -> dict[str, str]:
    """The argument of `connect_shop` that this way needs; raises Refused without it."""
    name, words = ("token", "token") if way == "token" else ("client_id", "app's client id")
    if not posted.get(name):
        raise Refused(f"Give the {words}.")
    return {name: posted[name]}


def _way_of(connection: Connection) -> str:
    ways = {
        Connection.Grant.CLIENT_CREDENTIALS: "credentials",
        Connection.Grant.AUTHORIZATION_CODE: "consent",
        Connection.Grant.TOKEN_EXCHANGE: "session",
        Connection.Grant.STATIC: "token",
    }
    return ways[Connection.Grant(connection.grant)]
