from datetime import datetime

from django.db import models

from backoffice.identifiers import PublicId
from orders import scans
from orders.models.order import Order


class Fulfillment(models.Model):
    """A parcel, or several under one shipment: what was sent, by whom, and where it is.

    `lines` is [{"line": remote line id, "quantity": units}].
    """

    public_id = PublicId("ful")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fulfillments", db_index=False)
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=64, blank=True)
    shipment_status = models.CharField(max_length=64, blank=True)
    tracking_company = models.CharField(max_length=255, blank=True)
    tracking_numbers = models.JSONField(default=list, blank=True)
    tracking_urls = models.JSONField(default=list, blank=True)
    location_id = models.BigIntegerField(null=True, blank=True)
    lines = models.JSONField(default=list)
    remote_created_at = models.DateTimeField(null=True, blank=True)
    remote_updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "remote_id"], name="fulfillment_once_per_order",
                include=["id", "status", "tracking_company", "location_id"],
            )
        ]  # fmt: skip
        indexes = [models.Index(fields=["remote_created_at"], name="fulfillment_by_day_sent")]

    def __str__(self) -> str:
        return self.name or f"Parcel {self.remote_id}"


class TrackingEvent(models.Model):
    """One scan of a parcel, as the carrier reported it."""

    fulfillment = models.ForeignKey(Fulfillment, on_delete=models.PROTECT, related_name="scans", db_index=False)
    remote_id = models.BigIntegerField()
    status = models.CharField(max_length=64)
    message = models.TextField(blank=True)
    happened_at = models.DateTimeField()
    city = models.CharField(max_length=255, blank=True)
    province = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=255, blank=True)
    zip = models.CharField(max_length=64, blank=True)
    estimated_delivery_at = models.DateTimeField(
        null=True, blank=True, help_text="When the parcel should arrive, as the carrier said with this scan"
    )
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Taken back at the shop; kept here")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fulfillment", "remote_id"], name="scan_once_per_fulfillment")]
        ordering = ["happened_at", "id"]

    def __str__(self) -> str:
        return f"{self.status} {self.happened_at:%Y-%m-%d %H:%M}"

    @property
    def turn(self) -> tuple[datetime, int, int]:
        """Sorts scans as they happened, also those of one moment."""
        return scans.turn(self.happened_at, self.status, self.remote_id)
