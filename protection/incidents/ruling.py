"""What staff make of an incident: confirmed, dismissed, closed; its cause and who sees to it."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from orders.journal import record
from protection.models import BulkDecision, Incident

State = Incident.State
ACTIONS: dict[str, str] = {
    State.CONFIRMED: "incident.confirmed",
    State.DISMISSED: "incident.dismissed",
    State.CLOSED: "incident.closed",
}


class IncidentRefused(Exception):
    """This cannot be done with the incident. The message says why, `code` is stable, `pointer` names the input."""

    def __init__(self, message: str, code: str = "refused", pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


@transaction.atomic
def confirm(incident: Incident, *, user: User) -> Incident:
    """It is one: its claims may be decided together. Raises IncidentRefused not_open."""
    incident = locked(incident)
    incident.confirmed_by, incident.confirmed_at = user, timezone.now()
    return _move(incident, State.CONFIRMED, user)


@transaction.atomic
def dismiss(incident: Incident, why: str, *, user: User) -> Incident:
    """It is none: its claims are decided one by one, and never count towards another of this cluster.

    Raises IncidentRefused reason_missing, deciding or not_open.
    """
    if not why.strip():
        raise IncidentRefused("Say why it is no incident.", "reason_missing", "/why")
    incident = locked(incident)
    incident.why = why.strip()
    return _end(incident, State.DISMISSED, user, why=incident.why)


@transaction.atomic
def close(incident: Incident, *, user: User) -> Incident:
    """It is over; claims that come later are counted anew. Raises IncidentRefused cause_missing, deciding, not_open."""
    incident = locked(incident)
    if not incident.cause:
        raise IncidentRefused(
            "Write down the root cause first, if only that it is not known.", "cause_missing", "/cause"
        )
    return _end(incident, State.CLOSED, user, cause=incident.cause)


@transaction.atomic
def explain(incident: Incident, cause: str, owner: User | None, *, user: User) -> Incident:
    """Note the root cause and who sees to it, at any time. Raises IncidentRefused not_staff."""
    if owner is not None and not (owner.is_staff and owner.is_active):
        raise IncidentRefused("Only staff can see to it.", "not_staff", "/owner")
    incident = locked(incident)
    incident.cause, incident.owner = cause.strip(), owner
    incident.save(update_fields=["cause", "owner", "updated_at"])
    put_down(incident, "incident.explained", user, cause=incident.cause, owner=owner.get_username() if owner else "")
    return incident


def locked(incident: Incident) -> Incident:
    """The incident with its row locked. Never call it while an order is locked: the finder locks the other way."""
    return Incident.objects.select_for_update(of=("self",)).select_related("shop").get(pk=incident.pk)


def put_down(incident: Incident, action: str, user: User, **facts: Any) -> None:
    """Journal what somebody did with it; an entry of no order."""
    by = f"staff:{user.get_username()}"
    record(action, shop=incident.shop, subject=incident.public_id, by=by, state=incident.state, **facts)


def _end(incident: Incident, state: str, user: User, **facts: Any) -> Incident:
    if incident.bulks.filter(state=BulkDecision.State.RUNNING).exists():
        raise IncidentRefused("Its claims are being decided just now; wait until that is done.", "deciding")
    incident.bulks.filter(state=BulkDecision.State.DRAFT).update(state=BulkDecision.State.DROPPED)
    incident.ended_by, incident.ended_at = user, timezone.now()
    return _move(incident, state, user, **facts)


def _move(incident: Incident, state: str, user: User, **facts: Any) -> Incident:
    if state not in Incident.MOVES[incident.state]:
        raise IncidentRefused(
            f"This incident is {incident.get_state_display().lower()}; it cannot become {State(state).label.lower()}.",
            "not_open",
        )
    incident.state = state
    incident.save()
    put_down(incident, ACTIONS[state], user, claims=incident.count, sentence=incident.sentence, **facts)
    return incident
