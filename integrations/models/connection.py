import hashlib
import secrets
from typing import Self

from django.db import models

from backoffice.identifiers import PublicId
from backoffice.models import Partner
from backoffice.secrets import EncryptedJSONField
from orders.models import Shop

CURRENT_VERSION = "2026-11"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def by_token(self, token: str) -> "Connection | None":
        """The connection whose inbound address ends in `token`; only its SHA-256 can be looked up."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        return self.select_related("shop").filter(inbound_digest=digest).first()

    def active(self) -> Self:
        return self.filter(paused_at=None)


class Connection(models.Model):
    """One line to one outside system: a shop's Shopify, a partner's webhook endpoint, or the mail server.

    `system` names a folder of integrations (see integrations.systems). Secrets are encrypted: for Shopify {"token",
    "refresh_token", "signing": [the app's client secret, …], "inbound_token"}, for an endpoint {"signing":
    [whsec_…, …]}; the first signing secret is current, further ones are accepted or also signed with during a rotation.
    """

    class Grant(models.TextChoices):
        STATIC = "static", "Token of a custom app, never expires"
        CLIENT_CREDENTIALS = "client_credentials", "Client credentials, asked for again each day"
        AUTHORIZATION_CODE = "authorization_code", "Authorization code, refreshed each hour"
        TOKEN_EXCHANGE = "token_exchange", "Token exchange, refreshed each hour"

    public_id = PublicId("con")
    system = models.CharField(max_length=32)
    label = models.CharField(max_length=255)
    shop = models.ForeignKey(Shop, null=True, blank=True, on_delete=models.PROTECT, related_name="connections")
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="connections")
    url = models.URLField(max_length=2048, help_text="Address of the API, or of the partner's endpoint")
    events = models.JSONField(default=list, help_text='Actions it is sent: ["*"], ["order.*", "claim.closed"]')
    shops = models.JSONField(default=list, blank=True, help_text="Domains of the shops it is sent; empty for all")
    payload_version = models.CharField(max_length=10, default=CURRENT_VERSION, help_text="Shape of its events; a date")
    coalesce = models.BooleanField(default=False, help_text="Leave out an update that a newer one has overtaken")
    most_in_flight = models.PositiveSmallIntegerField(default=16, help_text="Requests at the same time, at the most")
    most_per_second = models.FloatField(null=True, blank=True, help_text="Requests a second at the most; empty: any")
    secrets = EncryptedJSONField()
    old_secret_until = models.DateTimeField(
        null=True, blank=True, help_text="During a rotation both secrets sign until then"
    )
    grant = models.CharField(
        max_length=20, choices=Grant, default=Grant.STATIC, help_text="How its token is come by (Shopify)"
    )
    client_id = models.CharField(max_length=255, blank=True, help_text="Of the app, for grants that need one")
    token_expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never")
    refresh_expires_at = models.DateTimeField(null=True, blank=True, help_text="Then the store must be connected again")
    scopes = models.JSONField(default=list, blank=True, help_text="What the shop has granted, as last asked")
    scopes_at = models.DateTimeField(null=True, blank=True, help_text="When the shop was last asked for them")
    uninstalled_at = models.DateTimeField(null=True, blank=True, help_text="The shop took the app away")
    inbound_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_because = models.CharField(max_length=255, blank=True)
    removed_at = models.DateTimeField(
        null=True, blank=True, help_text="Taken away by its owner; kept, for its deliveries are a record"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop"], condition=models.Q(system="shopify"), name="one_shopify_connection_per_shop"
            ),
            models.UniqueConstraint(fields=["system"], condition=models.Q(system="mail"), name="one_line_for_mail"),
            models.UniqueConstraint(
                fields=["partner", "url"], condition=models.Q(system="webhook", removed_at=None),
                name="endpoint_once_per_partner",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label

    def new_inbound_token(self) -> str:
        """Make the secret last part of the inbound address (256 random bits). Save the connection afterwards."""
        token = secrets.token_urlsafe(32)
        self.inbound_digest = hashlib.sha256(token.encode()).hexdigest()
        self.secrets = {**(self.secrets or {}), "inbound_token": token}
        return token
