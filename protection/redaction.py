"""Erasing a person's data from the claims and the choices of an order; what was decided, and for how much, stays."""

from collections.abc import Collection

from orders.models import JournalEntry, Order
from orders.redaction import ERASED, scrub_journal, scrubbed, scrubbed_text
from protection.evidence import erase_evidence
from protection.models import (
    Claim,
    ComparedDecision,
    Consent,
    Decision,
    Feedback,
    FeeRefund,
    InfoRequest,
    LaterChoice,
    Likeness,
    LinkRequest,
    Proposal,
    Reply,
    Resolution,
)
from protection.recovery.erasing import erase_recoveries

_TEXTS = ("how", "text_version", "price", "locale", "given_at")  # of a consent


def erase_claims(order: Order, personal: Collection[str]) -> int:
    """Blank what people wrote in this order's claims; call it in the transaction that erases the order."""
    claims = Claim.objects.filter(order=order)
    claims.exclude(description="").update(description=ERASED)
    claims.exclude(override_reason="").update(override_reason=ERASED)
    claims.exclude(appeal_why="").update(appeal_why=ERASED)
    claims.update(ship_to=None)
    ComparedDecision.objects.filter(claim__in=claims).exclude(why="").update(why=ERASED)
    InfoRequest.objects.filter(claim__in=claims).update(asked=[ERASED])
    Reply.objects.filter(claim__in=claims).update(text=ERASED)
    Feedback.objects.filter(claim__in=claims).exclude(comment="").update(comment=ERASED)
    if order.email:
        LinkRequest.objects.filter(email__iexact=order.email).delete()
    Decision.objects.filter(item__claim__in=claims).exclude(note="").update(note=ERASED)
    for proposal in Proposal.objects.filter(claim__in=claims):
        proposal.parts = [{**part, "note": ERASED if part["note"] else ""} for part in proposal.parts]
        proposal.why = proposal.why and ERASED
        proposal.save(update_fields=["parts", "why"])
    for resolution in Resolution.objects.filter(claim__in=claims).exclude(failure=""):
        resolution.failure = scrubbed({"failure": resolution.failure}, personal)["failure"]
        resolution.save(update_fields=["failure"])
    Likeness.objects.filter(claim__in=claims).delete()
    erase_evidence(claims, personal)
    erase_recoveries(order, personal)
    subjects = list(claims.values_list("public_id", flat=True))
    scrub_journal(JournalEntry.objects.filter(subject__in=subjects), personal)
    return len(subjects)


def erase_choices(order: Order, personal: Collection[str]) -> None:
    """The receipt of a choice proves it and is kept; what names the person in it goes. Anyone can write one."""
    for choice in LaterChoice.objects.filter(order=order):
        choice.receipt = scrubbed(choice.receipt, personal)
        choice.save(update_fields=["receipt"])
    parts = FeeRefund.objects.filter(coverage__order=order)
    for part in parts:
        for name in ("why", "failure"):
            setattr(part, name, scrubbed_text(part, name, personal))
        part.save(update_fields=["why", "failure"])
    scrub_journal(JournalEntry.objects.filter(subject__in=parts.values("public_id")), personal)
    for consent in Consent.objects.filter(coverage__order=order):
        for name in _TEXTS:
            setattr(consent, name, scrubbed_text(consent, name, personal))
        consent.save(update_fields=_TEXTS)
