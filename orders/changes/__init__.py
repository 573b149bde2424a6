"""What staff, partners and claims may ask the shop to change: one verb a thing, from here.

Each verb writes a `Change` and its journal entry in one transaction, or raises ChangeRefused and writes nothing. From
the entry it goes out by the outbox; `carrying` holds what integrations call while it is on its way.
"""

from orders.changes.deciding import ask_again, keep_ours, keep_theirs, withdraw
from orders.changes.editing import cancel, edit_lines
from orders.changes.giving import RETURN_REASONS, give_store_credit, issue_gift_card, open_return, refund, refundable
from orders.changes.parcels import (
    HOLD_REASONS,
    SCANS,
    add_scan,
    fulfil,
    hold,
    left_to_send,
    move,
    release,
    set_tracking,
)
from orders.changes.stock import adjust_stock
from orders.changes.values import ADDRESS_FIELDS, change_address, change_contact, change_note, change_tags
from orders.models.change import ChangeRefused

__all__ = [
    "ADDRESS_FIELDS",
    "HOLD_REASONS",
    "RETURN_REASONS",
    "SCANS",
    "ChangeRefused",
    "add_scan",
    "adjust_stock",
    "ask_again",
    "cancel",
    "change_address",
    "change_contact",
    "change_note",
    "change_tags",
    "edit_lines",
    "fulfil",
    "give_store_credit",
    "hold",
    "issue_gift_card",
    "keep_ours",
    "keep_theirs",
    "left_to_send",
    "move",
    "open_return",
    "refund",
    "refundable",
    "release",
    "set_tracking",
    "withdraw",
]
