from django.apps import AppConfig

from backoffice.health import readiness


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Sync"

    def ready(self) -> None:
        # Needs the models of orders and of this app, so it cannot be imported before the apps are loaded.
        from integrations import outbox, worker
        from orders.journal import recorded

        recorded.connect(outbox.fan_out, dispatch_uid="integrations.outbox.fan_out")
        readiness("worker", worker.stale)
        readiness("inbox", worker.inbox_behind)
