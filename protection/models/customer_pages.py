from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from backoffice.identifiers import PublicId
from orders.models import Order
from protection.models.claim import Claim


class LinkGeneration(models.Model):
    """How often the customer's links on one order were ended: older links name an older number. No row: never."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="link_generation")
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.order}: {self.number}"


class LinkRequest(models.Model):
    """Somebody asked for the link of an order by its number and an e-mail; whether they match is looked up later.

    Asking writes the same row whatever it names, so nobody learns from it which orders exist.
    """

    shop_domain = models.CharField(max_length=255, blank=True, help_text="Empty: any shop")
    order_name = models.CharField(max_length=255)
    email = models.CharField(max_length=320)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Link asked for {self.order_name}"


class SentForm(models.Model):
    """A customer's form that was taken, by the key that came with the form: sent again it does nothing again."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="sent_forms")
    key = models.CharField(max_length=64)
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="sent_forms")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="form_taken_once")]
        indexes = [models.Index(fields=["created_at"], name="sent_form_age")]

    def __str__(self) -> str:
        return f"Form for {self.claim}"


class Feedback(models.Model):
    """What the customer thought of how a claim went, once for each time that it was closed."""

    public_id = PublicId("fbk")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="feedback")
    closed_at = models.DateTimeField(help_text="The closing it is about")
    score = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)], help_text="1 (bad) to 5 (good)"
    )
    comment = models.TextField(blank=True)
    by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["claim", "closed_at"], name="feedback_once_per_closing"),
            models.CheckConstraint(name="feedback_score", condition=models.Q(score__gte=1, score__lte=5)),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="feedback_newest")]

    def __str__(self) -> str:
        return f"{self.score} of 5"
