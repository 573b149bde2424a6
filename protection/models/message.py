from django.conf import settings
from django.db import models

from backoffice.identifiers import PublicId
from orders.models import JournalEntry, Order, Shop
from protection.models.claim import Claim


class CustomerMail(models.Model):
    """Whether and how one shop writes to its customers. A shop without a row: on in a local trial, off in production.

    In production nothing is written before somebody has set who it comes from.
    """

    shop = models.OneToOneField(Shop, on_delete=models.PROTECT, related_name="customer_mail")
    on = models.BooleanField(default=True, help_text="Write to customers whenever their claim moves")
    sender_name = models.CharField(max_length=100, blank=True, help_text="Empty: the shop's name")
    sender_address = models.EmailField(blank=True, help_text="Your mail server must be allowed to send for it")
    reply_to = models.EmailField(blank=True, help_text="Where answers by mail go; empty: to the sender")
    language = models.CharField(
        max_length=16, default="en", help_text="Where the customer's own is not known or has no text: en, de, fr, …"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "mail to customers"
        verbose_name_plural = "mail to customers"
        constraints = [
            models.CheckConstraint(
                name="customer_mail_one_line", condition=~models.Q(sender_name__regex=r"[\r\n]")
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Mail to customers of {self.shop}"


class MessageTemplate(models.Model):
    """What a customer is told of one event in one language, in versions: the highest number is in force.

    A version is never changed, for messages were made of it; saving makes the next one. One shop's own goes before
    the one for every shop.
    """

    public_id = PublicId("mtp")
    shop = models.ForeignKey(
        Shop, null=True, blank=True, on_delete=models.PROTECT, related_name="message_templates",
        help_text="Empty: every shop that has none of its own",
    )  # fmt: skip
    event = models.CharField(max_length=32)
    language = models.CharField(max_length=16)
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    by = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "event", "language", "number"], name="message_template_number_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="message_template_subject_is_one_line", condition=~models.Q(subject__regex=r"[\r\n]")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.event} ({self.language}) v{self.number}"


class Macro(models.Model):
    """A reply that agents pick by name: for a question, a note to a decision, or a message of their own."""

    class Use(models.TextChoices):
        ASK = "ask", "What the customer should send"
        NOTE = "note", "Note to a decision"
        WRITE = "write", "Message to the customer"

    public_id = PublicId("mac")
    shop = models.ForeignKey(
        Shop, null=True, blank=True, on_delete=models.PROTECT, related_name="macros", help_text="Empty: every shop"
    )
    use = models.CharField(max_length=8, choices=Use)
    language = models.CharField(max_length=16, default="en")
    name = models.CharField(max_length=80)
    text = models.TextField(max_length=5000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "use", "language", "name"], name="macro_name_once", nulls_distinct=False
            )
        ]
        ordering = ["use", "name", "language"]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One mail to a customer: what was said, to whom, and what became of it.

    Written in the transaction of the change it tells of, sent outside by the outbox. SENDING is set before the mail
    server is asked, so that from then on nobody takes for granted that the customer has not read it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waits to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused"
        DROPPED = "dropped", "Not sent"

    public_id = PublicId("msg")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="customer_messages")
    claim = models.ForeignKey(Claim, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    event = models.CharField(max_length=32)
    about = models.CharField(max_length=40, blank=True, help_text="Public id of what it tells, where told once")
    template = models.ForeignKey(
        MessageTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="messages",
        help_text="The version it was made of",
    )  # fmt: skip
    entry = models.OneToOneField(
        JournalEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="message",
        help_text="What happened; empty: somebody of the staff wrote it",
    )  # fmt: skip
    language = models.CharField(max_length=16)
    to = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField()
    by = models.CharField(max_length=255)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    why = models.CharField(max_length=255, blank=True, help_text="Why it was refused or not sent")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "about"], condition=~models.Q(about=""), name="message_told_once"
            ),
            models.CheckConstraint(name="message_subject_is_one_line", condition=~models.Q(subject__regex=r"[\r\n]")),
            models.CheckConstraint(
                name="message_sent_at_pairs_with_state",
                condition=models.Q(state="sent", sent_at__isnull=False)
                | ~models.Q(state="sent") & models.Q(sent_at__isnull=True),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["claim", "id"], name="message_of_claim")]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_settled(self) -> bool:
        """Nothing more becomes of it by itself."""
        return self.state in (self.State.SENT, self.State.DROPPED)

    @property
    def message_id(self) -> str:
        """The mail's Message-ID: the same at every try, so that a mailbox that gets it twice can show it once."""
        return f"<{self.public_id}@{settings.MAIL_DOMAIN}>"
