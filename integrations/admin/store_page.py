"""The pages of a connected store: how its line stands, and the steps of setting it up, with the same buttons."""

from typing import Any, ClassVar

from backoffice.console.pages import ConsolePage, Refused
from integrations import backfill, connecting, passes
from integrations.admin import store_facts
from integrations.errors import GiveUp, RetryLater
from integrations.models import Connection, StoreHealth, SyncRun
from integrations.shopify import access, round_trip, subscriptions

CHANGE = "integrations.change_connection"


class StorePage(ConsolePage):
    """How the store's line stands: token, scopes, version, webhooks, budget, passes, proof."""

    template_name = "integrations/store.html"
    verbs: ClassVar[dict[str, str]] = {"scopes": CHANGE, "repair": CHANGE, "trip": CHANGE, "look": CHANGE}

    def load(self, pk: int) -> Connection | None:
        stores = Connection.objects.filter(system="shopify").select_related("shop", "store")
        return stores.defer("secrets").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        connection: Connection = self.subject
        health: StoreHealth | None = getattr(connection, "store", None)
        seen = store_facts.last_webhooks(connection)
        check = last_check(connection)
        trip = round_trip.latest(connection)
        topics = store_facts.topic_rows(connection, check, seen)
        return {
            "title": str(connection.shop),
            "connection": connection,
            "token": store_facts.token_facts(connection, health),
            "scopes": store_facts.scope_rows(connection),
            "missing": access.missing(connection),
            "version": store_facts.version_facts(health, seen),
            "budget": store_facts.budget_facts(health),
            "check": check,
            "topics": topics,
            "sent": sum(row["tone"] == "good" for row in topics),
            "troubles": connection.troubles.filter(ended_at=None),
            "trip": trip,
            **self.more(connection, check, trip),
        }

    def more(self, connection: Connection, check: SyncRun | None, trip: SyncRun | None) -> dict[str, Any]:
        """What this page shows beyond what both do."""
        return {"runs": store_facts.run_rows(connection), "proof": store_facts.last_proof(connection)}

    def scopes(self) -> str:
        try:
            missing = access.refresh_scopes(self.subject)
        except (GiveUp, RetryLater) as reason:
            raise Refused(str(reason)) from reason
        required = [scope.handle for scope in missing if scope.required]
        return f"Still missing: {', '.join(required)}." if required else "Everything that is required is granted."

    def repair(self) -> str:
        run = subscriptions.check(self.subject, by=self._by())
        if run is None:
            raise Refused("A check of this store is running just now. Look again in a minute.")
        if run.failure:
            raise Refused(run.failure)
        facts = run.facts
        done = [f"{len(facts[name])} {name}" for name in ("present", "created", "mended", "removed") if facts[name]]
        refused = f"; Shopify refuses {len(facts['refused'])}" if facts["refused"] else ""
        return f"Webhooks: {', '.join(done) or 'nothing to do'}{refused}."

    def trip(self) -> str:
        try:
            run = round_trip.begin(self.subject, by=self._by())
        except round_trip.UnderWay as reason:
            raise Refused(str(reason)) from reason
        if run.failure:
            raise Refused(run.failure)
        return "The query is on its way. Its webhook should be here within seconds."

    def look(self) -> str:
        run = round_trip.latest(self.subject)
        if run is None:
            raise Refused("No round trip was started.")
        run = round_trip.look(run)
        if run.failure:
            raise Refused(run.failure)
        return "It came back." if run.state == SyncRun.State.DONE else "It has not come back yet."

    def _by(self) -> str:
        return f"staff:{self.request.user.get_username()}"


class GuidePage(StorePage):
    """Setting a store up: scopes, webhooks, a round trip, its history. Each step is done when the facts say so."""

    template_name = "integrations/store_guide.html"
    verbs: ClassVar[dict[str, str]] = {**StorePage.verbs, "history": CHANGE}

    def more(self, connection: Connection, check: SyncRun | None, trip: SyncRun | None) -> dict[str, Any]:
        runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.BACKFILL)
        history = runs.order_by("-id").first()
        connected = not connection.paused_because.startswith(connecting.OURS) and not connection.uninstalled_at
        return {
            "title": f"Connect {connection.shop}",
            "connected": connected,
            "scopes_done": connection.scopes_at is not None
            and not any(scope.required for scope in access.missing(connection)),
            "webhooks_done": check is not None and not check.facts.get("refused"),
            "trip_done": trip is not None and trip.state == SyncRun.State.DONE,
            "history": history,
            "history_done": history is not None and history.state == SyncRun.State.DONE,
            "history_bar": store_facts.bar(history.looked_at, history.total) if history else None,
        }

    def history(self) -> str:
        try:
            backfill.start(self.subject, by=self._by())
        except passes.UnderWay as reason:
            raise Refused(str(reason)) from reason
        return "Begun. The workers bring the orders in; this page shows how far they are."


def last_check(connection: Connection) -> SyncRun | None:
    """The last check of the store's subscriptions that came to its end."""
    runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.SUBSCRIPTIONS, state=SyncRun.State.DONE)
    return runs.order_by("-id").first()
