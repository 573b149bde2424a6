from django.db import models

from backoffice.identifiers import PublicId
from protection.models.claim import Claim


class InfoRequest(models.Model):
    """One checklist sent to the customer: what is asked, until when, and how often we have reminded."""

    public_id = PublicId("inf")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="info_requests")
    asked = models.JSONField(help_text='["A photo of the box", …]')
    asked_by = models.CharField(max_length=255)
    due_at = models.DateTimeField()
    reminders = models.PositiveSmallIntegerField(default=0)
    remind_at = models.DateTimeField(null=True, blank=True, help_text="The next reminder; empty: none is left")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Answered, given up, or its time is over")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim"], condition=models.Q(ended_at__isnull=True), name="info_request_one_open_per_claim"
            ),
            models.CheckConstraint(name="info_request_asks_something", condition=~models.Q(asked=[])),
        ]
        indexes = [models.Index(fields=["due_at"], name="info_request_due", condition=models.Q(ended_at=None))]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{len(self.asked)} asked, due {self.due_at:%d %b %Y}"


class Reply(models.Model):
    """What came back from the customer about a claim, in their own words."""

    public_id = PublicId("rpl")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="replies")
    request = models.ForeignKey(
        InfoRequest, null=True, blank=True, on_delete=models.CASCADE, related_name="replies",
        help_text="The checklist it answers; empty: it came unasked",
    )  # fmt: skip
    text = models.TextField(blank=True)
    by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Reply of {self.created_at:%d %b %Y}"
