"""Who may call the API: partners and their keys."""

import hashlib
import secrets
import zlib
from typing import Self

from django.db import models
from django.utils import timezone

from backoffice.identifiers import PublicId

SCOPES = {
    "orders:read": "Read orders, parcels, refunds and changes",
    "orders:write": "Change orders at the shop: address, tags, parcels, tracking, holds",
    "refunds:write": "Give money back: refunds, store credit, gift cards",
    "claims:read": "Read claims, their resolutions, and what may be claimed",
    "claims:write": "File claims, and pass on what customers say: answers, withdrawals, appeals",
    "resolutions:write": "Take back remedies that were carried out",
    "recoveries:read": "Read cases with carriers: what they owe, until when it is filed, what came",
    "recoveries:file": "Say that a case was filed with its carrier",
    "recoveries:answer": "Say what a carrier answered",
    "recoveries:paid": "Say that a carrier paid",
    "incidents:read": "Read incidents: more claims on a lane or an item than usual",
    "events:read": "Read the event feed",
    "endpoints:read": "Read one's own webhook endpoints and their log",
    "endpoints:write": "Manage one's own webhook endpoints: where events are sent, and which",
    "money:read": "Read what the delivery guarantee earns and costs",
    "quotes:read": "Price protection for a cart",
}


class Partner(models.Model):
    """A connected system or company that calls the API and may receive webhooks."""

    public_id = PublicId("prt")
    name = models.CharField(max_length=255, unique=True)
    contact_email = models.EmailField(blank=True, help_text="Told when one of its webhook endpoints fails for days")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> Self:
        now = timezone.now()
        return self.filter(revoked_at=None).exclude(expires_at__lte=now)

    def find(self, secret: str) -> "ApiKey | None":
        """The usable key with this secret. Looked up by SHA-256: the secret has 256 random bits, so no slow hash."""
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return self.usable().select_related("partner").filter(digest=digest).first()


class ApiKey(models.Model):
    """A bearer key. Only its SHA-256 and its first characters are kept; the secret is shown once."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=24, help_text="The key's first characters, to recognise it by")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    shop_domain = models.CharField(max_length=255, blank=True, help_text="Empty: every shop")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.partner} {self.prefix}…"

    @classmethod
    def issue(
        cls, partner: Partner, scopes: list[str], shop_domain: str = "", *, live: bool = True
    ) -> "tuple[ApiKey, str]":
        """Make a key; returns it with its secret, `pk_live_<43 characters>_<8 hex of CRC 32>`.

        The checksum lets leak scanners and clients tell a key from noise without asking us. Raises ValueError for
        an unknown scope.
        """
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise ValueError(f"Unknown scope {unknown[0]!r}; there are {', '.join(SCOPES)}.")
        body = f"pk_{'live' if live else 'test'}_{secrets.token_urlsafe(32)}"
        secret = f"{body}_{zlib.crc32(body.encode()):08x}"
        digest = hashlib.sha256(secret.encode()).hexdigest()
        key = cls.objects.create(
            partner=partner, prefix=secret[:14], digest=digest, scopes=sorted(scopes), shop_domain=shop_domain
        )
        return key, secret

    def allows(self, scope: str) -> bool:
        return scope in self.scopes
