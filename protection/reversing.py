"""Taking back what was carried out, and settling what nobody knows: by a person, after the time to undo."""

from django.contrib.auth.models import User
from django.db import transaction

from orders import changes, entitlement
from orders.changes import ChangeRefused
from orders.models import Change, Order
from protection import resolutions
from protection.eligibility import ClaimRefused
from protection.filing import hold_again
from protection.models import Claim, Resolution
from protection.recovery import doubts
from protection.standing import open_units, outcome_of
from protection.verbs import check
from protection.verdicts import DecisionRefused

Kind, State = Resolution.Kind, Resolution.State
MOST_NOTE = 255


@transaction.atomic
def reverse(resolution: Resolution, why: str, *, by: str) -> Resolution:
    """Take a remedy back: a replacement that was not sent is cancelled at the shop, and its units are free by then.

    Raises DecisionRefused: reason_needed, irreversible (money that was given), not_home, not_carried_out, or what the
    shop's order says against it (order_sent …).
    """
    if not why.strip():
        raise DecisionRefused("Say why it is taken back.", "reason_needed", "/why")
    hold_replacement(resolution)
    resolution = resolutions.locked_remedy(resolution)
    check(resolution.claim, "reverse", by=by)
    check_reversible(resolution)
    order = resolution.replacement_order
    if order is None or order.cancelled_at is not None:
        return _reversed(resolution, why.strip(), by=by)
    try:
        changes.cancel(
            order, by=by, reason="other", refund="none", note=why.strip()[:MOST_NOTE], reference=resolution.public_id
        )  # fmt: skip
    except ChangeRefused as refusal:
        raise DecisionRefused(f"{order}: {refusal}", refusal.code) from refusal
    return resolution


def hold_replacement(resolution: Resolution) -> None:
    """Lock the replacement's order. Before the claim's: a parcel of the replacement locks them so."""
    Order.objects.select_for_update(of=("self",)).filter(replaces=resolution).first()


def check_reversible(resolution: Resolution) -> None:
    """Raise DecisionRefused for what cannot be taken back: not_carried_out, irreversible, not_home."""
    if resolution.state != State.EXECUTED:
        state = resolution.get_state_display().lower()
        raise DecisionRefused(f"This remedy is {state}; only what was carried out is taken back.", "not_carried_out")
    if resolution.kind in Resolution.MONEY:
        what = resolution.get_kind_display().lower()
        raise DecisionRefused(
            f"A {what} that was given cannot be taken back here; settle it at the shop.", "irreversible"
        )
    if resolution.kind == Kind.REPLACEMENT and resolution.replacement_order_id is None:
        raise DecisionRefused("The replacement has not come home yet; wait until it is here.", "not_home")


@transaction.atomic
def cancelled(change: Change) -> None:
    """The shop has cancelled a replacement that was taken back, or refused to; safe to call again."""
    resolution = Resolution.objects.filter(public_id=change.reference, state=State.EXECUTED).first()
    if resolution is None:
        return
    resolution = resolutions.locked_remedy(resolution)
    if resolution.state != State.EXECUTED:
        return
    if change.state == Change.State.DONE:
        _reversed(resolution, "cancelled at the shop", by="shopify")
    elif change.state == Change.State.FAILED and resolution.failure != change.failure:
        resolution.failure = change.failure
        resolution.save(update_fields=["failure", "updated_at"])
        resolutions.journal(resolution, "not_reversed", "shopify", reason=change.failure)


@transaction.atomic
def looked(resolution: Resolution, *, given: bool, user: User) -> Resolution:
    """Somebody looked at the shop whether a remedy in doubt was given; if not, its units are free to be decided anew.

    Raises DecisionRefused not_in_doubt.
    """
    resolution, by = resolutions.locked_remedy(resolution), f"staff:{user.get_username()}"
    if resolution.state != State.HELD or resolution.instead.exists():
        raise DecisionRefused("There is no doubt about this remedy.", "not_in_doubt")
    check(resolution.claim, "look", by=by)
    if not given:
        return resolutions.mark_failed(resolution, f"It was not given: {resolution.failure}"[:1000], by=by)
    resolution = resolutions.mark_executed(resolution, by=by)
    claim = resolution.claim
    if claim.state == Claim.State.IN_REVIEW and not any(open_units(claim).values()):
        claim.move_to(Claim.State.DECIDED, by=by, outcome=outcome_of(claim), decisions=[])
        resolutions.go_on(claim, by=by)
    return resolution


def _reversed(resolution: Resolution, why: str, *, by: str) -> Resolution:
    """Its units are free again, and the claim is decided anew."""
    resolutions.move(resolution, State.REVERSED)
    resolution.save(update_fields=["state", "updated_at"])
    entitlement.release(resolution.public_id)
    resolutions.journal(resolution, "reversed", by, why=why)
    claim = resolution.claim
    doubts.remedy_reversed(claim, f"{resolution.get_kind_display()}: {why}", by=by)
    if claim.state == Claim.State.CLOSED:
        try:
            hold_again(claim)
        except ClaimRefused:  # a newer claim is about the same units: that one is decided
            return resolution
    resolutions.back_to_review(claim, f"{resolution.get_kind_display()} taken back: {why}", by=by)
    return resolution
