from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Left, Upper

from backoffice.identifiers import PublicId
from orders.models.customer import Customer
from orders.models.shop import Shop
from orders.money import Money

_COUNTRY = KeyTextTransform("country_code", "shipping_address")


class Order(models.Model):
    """What we know of one order. Written by `orders.intake` only; identity is (shop, remote_id), never the name.

    Statuses are stored as the shop says them, so a value we have never seen is data, not an error. `amounts` maps a
    name (total, subtotal, tax, …) to a money bag in the shape of `MoneyBag.as_json`.
    """

    public_id = PublicId("ord")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="orders", db_index=False)
    remote_id = models.BigIntegerField()
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    name = models.CharField(max_length=255)
    number = models.BigIntegerField(null=True, blank=True)
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True)
    tags = models.JSONField(default=list, blank=True)
    attributes = models.JSONField(default=list, blank=True)
    test = models.BooleanField(default=False)
    shipping_lines = models.JSONField(
        null=True, blank=True, help_text='[{"id", "title", "code", "removed", "price": money bag}]; empty: not known'
    )
    discount_codes = models.JSONField(default=list, blank=True)
    confirmation_number = models.CharField(max_length=64, blank=True)
    po_number = models.CharField(max_length=255, blank=True)
    customer_locale = models.CharField(
        max_length=35, blank=True, help_text="The language the customer bought in: de-AT; empty: not known"
    )
    risk = models.CharField(max_length=64, blank=True, help_text="The shop's recommendation: accept, investigate, …")
    return_status = models.CharField(max_length=64, blank=True)
    source_name = models.CharField(max_length=255, blank=True)
    source_identifier = models.CharField(max_length=255, blank=True)
    financial_status = models.CharField(max_length=64, blank=True)
    fulfillment_status = models.CharField(max_length=64, blank=True)
    cancel_reason = models.CharField(max_length=64, blank=True)
    taxes_included = models.BooleanField(null=True, blank=True, help_text="Prices hold the tax; empty: not known")
    currency = models.CharField(max_length=3)
    presentment_currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    amounts = models.JSONField(default=dict)
    shipping_address = models.JSONField(null=True, blank=True)
    destination = models.GeneratedField(
        expression=Left(Upper(Coalesce(_COUNTRY, Value(""), output_field=models.TextField())), 2),
        output_field=models.CharField(max_length=2),
        db_persist=True,
        help_text="Country it goes to, ISO 3166; drawn from the address by the database, for counting",
    )
    billing_address = models.JSONField(null=True, blank=True)
    remote_created_at = models.DateTimeField()
    remote_updated_at = models.DateTimeField()
    discrepancy = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True,
        help_text="Total less the sum of its parts, in shop currency; empty: none. Somebody must look.",
    )  # fmt: skip
    processed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Deleted at the shop; kept here.")
    redacted_at = models.DateTimeField(
        null=True, blank=True, help_text="Personal data was erased by request; nothing outside brings it back"
    )
    digest = models.CharField(max_length=64, blank=True, editable=False, help_text="Of the snapshot last applied")
    # By our clock, when the read began; what the shop said then covers every message that came before.
    asked_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Last read whole")
    work_asked_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Its fulfillment orders")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every change; the API's ETag.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "remote_id"], name="order_once_per_shop",
                # All that is asked of orders when they are counted: the index answers, the wide rows are not read.
                include=["id", "remote_created_at", "processed_at", "currency", "presentment_currency", "total", "test",
                         "financial_status", "destination"],
            )
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="order_newest"),
            models.Index(fields=["shop", "name"], name="order_by_name"),
            models.Index(fields=["updated_at", "id"], name="order_changed"),
            models.Index(
                fields=["source_identifier"], name="order_by_source", condition=~models.Q(source_identifier="")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def placed_at(self) -> datetime:
        """The moment whose rules apply to this order."""
        return self.processed_at or self.remote_created_at

    @property
    def unbalanced(self) -> Money | None:
        """By how much the total is not the sum of its parts; None when it is, or cannot be judged."""
        return None if self.discrepancy is None else Money(self.discrepancy, self.currency)

    def attribute(self, key: str) -> str | None:
        """Value of the order attribute (Shopify's note attribute) `key`, None when absent."""
        return next((str(a.get("value")) for a in self.attributes if a.get("name") == key), None)

    def parcels(self) -> Iterator[Any]:
        """Fulfillments that were not cancelled, oldest first."""
        return (f for f in self.fulfillments.order_by("remote_created_at", "id") if f.status not in ("cancelled",))


class LineItem(models.Model):
    """One line of an order. Lines are never deleted: a removed line stays with `current_quantity` 0."""

    public_id = PublicId("li")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    remote_id = models.BigIntegerField()
    position = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=1024)
    variant_title = models.CharField(max_length=1024, blank=True)
    sku = models.CharField(max_length=255, blank=True)
    vendor = models.CharField(max_length=255, blank=True)
    variant_id = models.BigIntegerField(null=True, blank=True)
    product_id = models.BigIntegerField(null=True, blank=True)
    quantity = models.PositiveIntegerField()
    current_quantity = models.PositiveIntegerField()
    requires_shipping = models.BooleanField(default=True)
    taxable = models.BooleanField(default=True)
    gift_card = models.BooleanField(default=False)
    tip = models.BooleanField(default=False)
    fulfillment_status = models.CharField(max_length=64, blank=True)
    group = models.JSONField(
        null=True, blank=True, help_text='The bundle it is a part of: {"id", "title", "quantity"}; empty: none'
    )
    amounts = models.JSONField(default=dict)
    properties = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "remote_id"], name="line_once_per_order",
                include=["sku", "requires_shipping", "gift_card", "tip"],
            )
        ]  # fmt: skip
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.title} ({self.variant_title})" if self.variant_title else self.title
