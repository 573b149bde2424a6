from django.db import models

from backoffice.identifiers import PublicId
from protection.models.claim import Claim


class Evidence(models.Model):
    """A photo that belongs to a claim: the facts of what was sent, and where the new picture made of it is kept.

    The original is not kept, only its digest and size. `taken_at` is what the camera's own clock said: local time,
    with an offset only where the camera knew one, and nothing a sender could not have changed.
    """

    class Kind(models.TextChoices):
        PHOTO = "photo", "Photo of the item"
        PACKAGING_PHOTO = "packaging_photo", "Photo of the packaging"
        LABEL_PHOTO = "label_photo", "Photo of the shipping label"
        DOCUMENT = "document", "Photo of a document"

    public_id = PublicId("evd")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.PHOTO)
    file = models.CharField(max_length=80, blank=True, help_text="Name in the evidence storage; empty: erased there")
    content_type = models.CharField(max_length=10, help_text="Of the picture we made")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes of the original")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the original, hexadecimal")
    fingerprint = models.BigIntegerField(null=True, help_text="Difference hash of 64 bits; empty of a plain picture")
    taken_at = models.CharField(max_length=25, blank=True, help_text="The camera's clock, ISO 8601")
    uploaded_by = models.CharField(max_length=255)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="Withdrawn or erased; the picture is gone")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "sha256"], condition=models.Q(removed_at=None), name="evidence_once_per_claim"
            ),
            models.CheckConstraint(
                name="evidence_has_a_picture", condition=~models.Q(file="") | models.Q(removed_at__isnull=False)
            ),
            models.CheckConstraint(name="evidence_sizes", condition=models.Q(width__gte=1, height__gte=1, size__gte=1)),
        ]
        indexes = [
            # Distances are measured along the whole index, which holds all that this needs.
            models.Index(fields=["fingerprint"], include=["claim"], name="evidence_fingerprint"),
            models.Index(fields=["sha256"], name="evidence_sha256"),
            models.Index(fields=["file"], name="evidence_file"),
            models.Index(
                fields=["id"], condition=models.Q(removed_at__isnull=False) & ~models.Q(file=""),
                name="evidence_to_erase",
            ),
        ]  # fmt: skip
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.width} × {self.height}"

    @property
    def file_name(self) -> str:
        """What the picture is called when it is saved: our id, never a name from outside."""
        return f"{self.public_id}.{'png' if self.content_type == 'image/png' else 'jpg'}"


class EvidenceView(models.Model):
    """Somebody looked at a picture."""

    evidence = models.ForeignKey(Evidence, on_delete=models.CASCADE, related_name="views")
    by = models.CharField(max_length=255, help_text="staff:ana, or link:<who the link was made for>")
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.by}, {self.at:%d %b %Y %H:%M}"
