"""Money remedies: each goes out as one change of the order, and what becomes of the change becomes of the remedy.

The change carries the remedy's public id as its `reference`; by it a repeat finds what was asked already, and the
units that the remedy uses are the refund's own.
"""

from collections.abc import Callable

from django.db import transaction

from orders import changes
from orders.changes import ChangeRefused
from orders.models import Change
from protection import resolutions
from protection.models import Resolution

BY = "system"
MADE = ("refund", "transaction", "gift_card")  # the shop's id of what it made, in a change's result
ENDED = (Change.State.DONE, Change.State.FAILED, Change.State.WITHDRAWN)


@transaction.atomic
def pay(resolution: Resolution) -> bool:
    """Ask the shop for the money once; False when there is nothing (more) to ask for."""
    if not resolutions.start(resolution):
        return False
    resolution = resolutions.locked_remedy(resolution)
    if resolution.kind == Resolution.Kind.HANDLED_ELSEWHERE:
        resolutions.mark_executed(resolution, by=BY)
        return True
    if Change.objects.filter(reference=resolution.public_id).exists():
        return False
    try:
        with transaction.atomic():
            WAYS[resolution.pays_by](resolution)
    except ChangeRefused as refusal:
        resolutions.mark_failed(resolution, str(refusal), by=BY)
    return True


def ended(change: Change) -> None:
    """The shop has done the change that carries a remedy out, or never will; safe to call again."""
    resolution = Resolution.objects.filter(public_id=change.reference, state=Resolution.State.QUEUED).first()
    if resolution is None:
        return
    if change.state == Change.State.DONE:
        made = next((change.result[name] for name in MADE if name in change.result), "")
        resolutions.mark_executed(resolution, by="shopify", remote_reference=str(made))
    elif change.result.get("unknown"):
        resolutions.mark_in_doubt(resolution, change.failure, by="shopify")
    else:
        resolutions.mark_failed(resolution, change.failure or "It was given up before it was sent.", by="shopify")


def _refund(resolution: Resolution) -> None:
    units: dict[str, int] = {}
    if resolution.kind == Resolution.Kind.REFUND:
        for line in resolution.lines:
            units[line["line"]] = units.get(line["line"], 0) + line["quantity"]
    lines = [{"line_item": line, "quantity": quantity, "restock": "none"} for line, quantity in units.items()]
    claim = resolution.claim
    changes.refund(
        claim.order, lines=lines, amount=resolution.amount["presentment"]["amount"], note=f"Claim {claim.public_id}",
        by=BY, reference=resolution.public_id,
    )  # fmt: skip


def _store_credit(resolution: Resolution) -> None:
    order, amount = resolution.claim.order, resolution.amount["shop"]["amount"]
    changes.give_store_credit(order, amount, by=BY, reference=resolution.public_id)


def _gift_card(resolution: Resolution) -> None:
    claim, amount = resolution.claim, resolution.amount["shop"]["amount"]
    note = f"Claim {claim.public_id}"
    changes.issue_gift_card(claim.order, amount, note=note, by=BY, reference=resolution.public_id)


WAYS: dict[str, Callable[[Resolution], None]] = {
    Resolution.Kind.REFUND: _refund,
    Resolution.Kind.STORE_CREDIT: _store_credit,
    Resolution.Kind.GIFT_CARD: _gift_card,
}
