"""What we do at Shopify: each action of the journal that a shop's connection is sent has its verb here."""

from collections.abc import Callable

from integrations.errors import GiveUp
from integrations.models import Connection, Delivery
from integrations.sent import Sent
from integrations.shopify.pushes import (
    cancelling,
    crediting,
    editing,
    holding,
    parcels,
    refunding,
    returning,
    stock,
    values,
)
from integrations.shopify.pushes.asking import BY, Refused, Unknown, Withdrawn
from integrations.shopify.pushes.replacing import carry_out
from orders.changes import carrying
from orders.models import Change
from protection import following

# For the lease: a push may make more requests, but no other sender takes its connection's slot while it is alive.
CALLS = 2

NOTHING = Sent("Nothing to do: it was given up or is done already.")

CHANGES: dict[str, Callable[[Connection, Change], Sent]] = {
    Change.Kind.ADDRESS: values.push,
    Change.Kind.CONTACT: values.push,
    Change.Kind.NOTE: values.push,
    Change.Kind.TAGS: values.push_tags,
    Change.Kind.CANCEL: cancelling.push,
    Change.Kind.EDIT: editing.push,
    Change.Kind.REFUND: refunding.push,
    Change.Kind.RETURN: returning.push,
    Change.Kind.STORE_CREDIT: crediting.push_credit,
    Change.Kind.GIFT_CARD: crediting.push_card,
    Change.Kind.HOLD: holding.push_hold,
    Change.Kind.RELEASE: holding.push_release,
    Change.Kind.MOVE: holding.push_move,
    Change.Kind.FULFIL: parcels.push,
    Change.Kind.TRACKING: parcels.push_tracking,
    Change.Kind.SCAN: parcels.push_scan,
    Change.Kind.STOCK: stock.push,
}


def push(delivery: Delivery) -> Sent:
    """Carry out what the entry asks for; raises RetryLater or GiveUp."""
    return PUSHES[delivery.entry.action](delivery)


def push_change(delivery: Delivery) -> Sent:
    """Carry out one change, and say of a claim's remedy what became of the change that carries it out."""
    sent = _push_change(delivery)
    following.follow(delivery.entry.subject)
    return sent


def _push_change(delivery: Delivery) -> Sent:
    """A refusal is an answer too: it is kept on the change, and the order's later ones go on."""
    change = carrying.to_send(delivery.entry.subject)
    if change is None:
        return NOTHING
    connection = delivery.connection
    try:
        return CHANGES[change.kind](connection, change)
    except Withdrawn:
        return NOTHING
    except Refused as refusal:
        return _refused(connection, change, str(refusal))
    except Unknown as doubt:
        carrying.failed(change, str(doubt), by=BY, source=connection.public_id, keep_units=True)
        return Sent(f"Stopped: {doubt}", 200)
    except GiveUp as problem:
        if problem.parked != Delivery.Parked.REFUSED:
            raise
        return _refused(connection, change, str(problem))


def _refused(connection: Connection, change: Change, reason: str) -> Sent:
    carrying.failed(change, reason, by=BY, source=connection.public_id)
    return Sent(f"Refused: {reason}", 200)


PUSHES: dict[str, Callable[[Delivery], Sent]] = {
    "resolution.queued": carry_out,
    "change.queued": push_change,
}
EVENTS = list(PUSHES)  # what a shop's connection is sent
