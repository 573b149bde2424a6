from django.db import models

from orders.models import Change, Order


class LaterChoice(models.Model):
    """What a customer saw and chose when protection was added after the purchase, until the fee's line comes home.

    `receipt` has the shape of the store front's own: how, default_on, shown_text_version, price, locale, at.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="later_choices")
    change = models.OneToOneField(Change, on_delete=models.PROTECT, related_name="later_choice")
    receipt = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Choice for {self.order}"
