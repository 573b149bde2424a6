"""One message to every customer of an incident, also to those who claim later: once for an order."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from backoffice.isolation import isolated
from protection.eligibility import ClaimRefused
from protection.filing import locked as locked_claim
from protection.incidents.ruling import IncidentRefused, locked, put_down
from protection.messages.writing import MOST, write
from protection.models import BulkDecision, Incident, IncidentClaim
from protection.models.claim import MoveRefused

AT_ONCE = 200  # messages in one run; the next minute takes the rest


@transaction.atomic
def announce(incident: Incident, text: str, *, user: User) -> Incident:
    """Have all its customers told the same, once; raises IncidentRefused.

    The codes are text_missing, text_too_long, not_confirmed, told_already and deciding. Each message changes its claim,
    so a draft of a bulk decision from before it is dropped.
    """
    if not text.strip() or len(text) > MOST:
        missing = not text.strip()
        raise IncidentRefused(
            "Write what the customers should read." if missing else f"A message has {MOST:,} characters at the most.",
            "text_missing" if missing else "text_too_long",
            "/text",
        )
    incident = locked(incident)
    if incident.state != Incident.State.CONFIRMED:
        raise IncidentRefused("Confirm the incident first.", "not_confirmed")
    if incident.notice:
        raise IncidentRefused("Its customers are told already; write to the others one by one.", "told_already")
    if incident.bulks.filter(state=BulkDecision.State.RUNNING).exists():
        raise IncidentRefused("Its claims are being decided just now; wait until that is done.", "deciding")
    incident.bulks.filter(state=BulkDecision.State.DRAFT).update(state=BulkDecision.State.DROPPED)
    incident.notice, incident.noticed_by = text.strip(), user
    incident.save(update_fields=["notice", "noticed_by", "updated_at"])
    put_down(incident, "incident.announced", user, claims=incident.count)
    return incident


def run() -> None:
    """By the clock: write to those who were not written to yet."""
    for incident in Incident.objects.filter(state=Incident.State.CONFIRMED).exclude(notice="").order_by("pk"):
        carry_on(incident)


def carry_on(incident: Incident, most: int = AT_ONCE) -> int:
    """Write to so many of the incident's customers as were not written to yet; returns to how many it was tried."""
    waiting = list(incident.members.filter(told_at=None).order_by("pk")[:most])
    for member in waiting:
        with isolated("Telling a customer of an incident", member.pk):
            _tell(member)
    return len(waiting)


@transaction.atomic
def _tell(member: IncidentClaim) -> None:
    """Write to one and note it, in one commit; nothing, where somebody else has done it."""
    claim = locked_claim(member.claim)
    rows = IncidentClaim.objects.select_for_update(of=("self",)).select_related("incident__noticed_by")
    member = rows.get(pk=member.pk)
    user = member.incident.noticed_by
    if member.told_at is not None or user is None:
        return
    told = IncidentClaim.objects.filter(incident=member.incident_id, claim__order=claim.order_id, not_told="")
    try:
        if told.exclude(told_at=None).exists():  # nobody else tells of this order now: its row is locked
            raise ClaimRefused("told_already", "Told already, on another claim of the same order.")
        with transaction.atomic():
            write(claim, member.incident.notice, user=user)
    except (ClaimRefused, MoveRefused) as refusal:
        member.not_told = str(refusal)
    member.told_at = timezone.now()
    member.save(update_fields=["told_at", "not_told"])
