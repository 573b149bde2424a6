from django.apps import AppConfig

from backoffice.health import readiness


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Sync"

    def ready(self) -> None:
        # Needs the models of orders and of this app, so it cannot be imported before the apps are loaded.
        from integrations import outbox, worker
        from integrations.mail import line as mail
        from orders.journal import recorded

        # In this order: who sends a mail is there before it is fanned out, and what is told of an entry comes after it.
        recorded.connect(mail.stand_by, dispatch_uid="integrations.mail.stand_by")
        recorded.connect(outbox.fan_out, dispatch_uid="integrations.outbox.fan_out")
        recorded.connect(mail.write_messages, dispatch_uid="integrations.mail.write_messages")
        readiness("worker", worker.stale)
        readiness("inbox", worker.inbox_behind)
