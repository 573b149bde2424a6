from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProtectionConfig(AppConfig):
    name = "protection"
    verbose_name = "Delivery guarantee"

    def ready(self) -> None:
        from protection import default_rules  # models can be read from here on
        from protection.messages import templates
        from protection.recovery import default_terms

        post_migrate.connect(default_rules.ensure, sender=self, dispatch_uid="protection.default_rules")
        post_migrate.connect(default_terms.ensure, sender=self, dispatch_uid="protection.default_terms")
        post_migrate.connect(templates.ensure, sender=self, dispatch_uid="protection.messages.templates")
