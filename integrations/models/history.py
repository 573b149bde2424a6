from django.db import models

from integrations.models.connection import Connection
from integrations.models.sync_run import SyncRun
from orders.models import Order


class FarChild(models.Model):
    """A line of a bulk file that does not stand behind the order it belongs to, kept until that order is loaded.

    An unlogged table: what a crash of the server empties is read from the file again.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="far_children")
    parent = models.BinaryField(help_text="Kind and id, such as Order/1")
    at = models.BigIntegerField(help_text="Byte of the file at which it ends")
    line = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["run", "parent"], name="far_children_of_parent")]


class UnfinishedOrder(models.Model):
    """An order from a bulk file for which something is left to do: reading it whole, or looking at its protection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="unfinished_orders")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+")
    should_read = models.BooleanField(default=False, help_text="The file cannot hold all of it: refunds, returns")
    awaits = models.JSONField(default=list, blank=True, help_text="Its parcels that the file of parcels is to bring")
    should_protect = models.BooleanField(default=True, help_text="Coverage may follow from it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "order"], name="unfinished_order_once")]
