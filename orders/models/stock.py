from django.db import models

from orders.models.shop import Shop


class Location(models.Model):
    """A place of one shop that keeps or sends goods."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="locations")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255, blank=True)
    active = models.BooleanField(default=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "remote_id"], name="location_once_per_shop")]

    def __str__(self) -> str:
        return self.name or f"Location {self.remote_id}"


class StockItem(models.Model):
    """What is counted on shelves: Shopify's inventory item, and the variant it belongs to.

    Stock messages name the item only, orders the variant only; this row joins them. `policy` is deny or continue:
    whether the shop sells it below zero.
    """

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="stock_items")
    remote_id = models.BigIntegerField(help_text="The shop's id of the inventory item")
    variant_id = models.BigIntegerField(null=True, blank=True)
    product_id = models.BigIntegerField(null=True, blank=True)
    sku = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=1024, blank=True, help_text="Product and variant, as staff know it")
    price = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True, help_text="In shop currency")
    unit_cost = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="What one costs to buy, in shop currency"
    )
    tracked = models.BooleanField(null=True, blank=True, help_text="Whether the shop counts it at all")
    policy = models.CharField(max_length=16, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="When its variant was last read from the shop")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "remote_id"], name="stock_item_once_per_shop")]
        indexes = [
            models.Index(fields=["shop", "variant_id"], name="stock_item_by_variant"),
            models.Index(fields=["shop", "sku"], name="stock_item_by_sku"),
        ]

    def __str__(self) -> str:
        return self.title or self.sku or f"Item {self.remote_id}"


class StockLevel(models.Model):
    """Units of one item at one location. `available` may be negative where the shop oversold."""

    item = models.ForeignKey(StockItem, on_delete=models.CASCADE, related_name="levels")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="levels")
    available = models.IntegerField(null=True, blank=True)
    on_hand = models.IntegerField(null=True, blank=True)
    committed = models.IntegerField(null=True, blank=True)
    remote_updated_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "location"], name="level_once_per_item_and_location")]

    def __str__(self) -> str:
        return f"{self.available} of {self.item} at {self.location}"
