"""Settings of a partner's endpoint: what it is sent and how fast; a new secret, and a ping to try it."""

from typing import Any, ClassVar

from django.http import HttpResponse

from backoffice.console.pages import ConsolePage, Refused
from integrations import endpoints
from integrations.actions import ACTIONS, SUBJECTS
from integrations.endpoints import MOST_IN_FLIGHT, NotPossible, fingerprint
from integrations.events import VERSIONS
from integrations.models import Connection

CHANGE = "integrations.change_connection"
NAMES = {
    "url": "Address", "events": "Events", "shops": "Shops", "payload_version": "Version",
    "most_per_second": "Requests a second", "most_in_flight": "Requests at the same time",
}  # fmt: skip


class EndpointPage(ConsolePage):
    template_name = "integrations/endpoint.html"
    verbs: ClassVar[dict[str, str]] = {"save": CHANGE, "rotate": CHANGE, "ping": CHANGE}
    secret = ""
    pong: endpoints.Pong | None = None

    def load(self, pk: int) -> Connection | None:
        found: Connection | None = endpoints.endpoints().select_related("partner").filter(pk=pk).first()
        return found

    def context(self) -> dict[str, Any]:
        connection: Connection = self.subject
        settings, typing = _settings_of(connection), self.request.POST.get("verb") == "save"
        if typing:
            settings = {name: self.request.POST.get(name, "") for name in settings} | {
                "events": self.request.POST.getlist("events"), "coalesce": "coalesce" in self.request.POST,
            }  # fmt: skip
        signing = connection.secrets.get("signing", [])
        return {
            "title": f"Endpoint of {connection.partner}",
            "connection": connection,
            "settings": settings,
            "subjects": _subjects(set(settings["events"])),
            "everything": "*" in settings["events"],
            "versions": list(VERSIONS),
            "most_in_flight": MOST_IN_FLIGHT,
            "fingerprint": fingerprint(signing[0]) if signing else "",
            "secret": self.secret,
            "pong": self.pong,
            "readonly": not self.request.user.has_perm(CHANGE),
        }

    def save(self) -> str:
        posted = self.request.POST
        try:
            per_second = float(posted["most_per_second"]) if posted.get("most_per_second", "").strip() else None
            in_flight = int(posted.get("most_in_flight", ""))
        except ValueError:
            raise Refused("Give the limits as numbers. Nothing was changed.") from None
        settings = {
            "url": posted.get("url", ""),
            "events": posted.getlist("events"),
            "shops": posted.get("shops", "").replace(",", " ").split(),
            "payload_version": posted.get("payload_version", ""),
            "coalesce": "coalesce" in posted,
            "most_per_second": per_second,
            "most_in_flight": in_flight,
        }
        try:
            endpoints.change(self.subject, settings, by=self._by())
        except NotPossible as reason:
            raise Refused(f"{NAMES.get(reason.field, reason.field)}: {reason} Nothing was changed.") from reason
        return "Saved. It holds for what is sent from now on."

    def rotate(self) -> HttpResponse:
        """Shows the new secret on the answer itself: a message would keep it in a cookie until it is read."""
        signing = self.subject.secrets.get("signing", [])
        if self.request.POST.get("fingerprint") != (fingerprint(signing[0]) if signing else ""):
            raise Refused("The secret was changed meanwhile, perhaps by a reload of this page. Nothing was changed.")
        self.secret = endpoints.rotate(self.subject, by=self._by())
        return self.answer()

    def ping(self) -> HttpResponse:
        self.pong = endpoints.ping(self.subject)
        return self.answer()

    def _by(self) -> str:
        return f"staff:{self.request.user.get_username()}"


def _settings_of(connection: Connection) -> dict[str, Any]:
    return {
        "url": connection.url,
        "events": connection.events,
        "shops": "\n".join(connection.shops),
        "payload_version": connection.payload_version,
        "coalesce": connection.coalesce,
        "most_per_second": "" if connection.most_per_second is None else f"{connection.most_per_second:g}",
        "most_in_flight": connection.most_in_flight,
    }


def _subjects(chosen: set[str]) -> list[dict[str, Any]]:
    """A group of check boxes for each subject: all of it, or single actions."""
    return [
        {
            "name": subject,
            "all": f"{subject}.*",
            "chosen": f"{subject}.*" in chosen,
            "actions": [
                {"name": action, "meaning": meaning, "chosen": action in chosen}
                for action, meaning in ACTIONS.items()
                if action.startswith(f"{subject}.")
            ],
        }
        for subject in SUBJECTS
    ]
