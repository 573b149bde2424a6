"""What staff, partners and claims may ask the shop to change: one verb a thing, from here.

Each verb writes a `Change` and its journal entry in one transaction, or raises ChangeRefused and writes nothing. From
the entry it goes out by the outbox; `carrying` holds what integrations call while it is on its way.
"""

from orders.changes.deciding import ask_again, keep_ours, keep_theirs, withdraw
from orders.changes.editing import cancel, edit_lines
from orders.changes.giving import RETURN_REASONS, give_store_credit, issue_gift_card, open_return, refund, refundable
from orders.changes.values import ADDRESS_FIELDS, change_address, change_contact, change_note, change_tags
from orders.models.change import ChangeRefused

__all__ = [
    "ADDRESS_FIELDS",
    "RETURN_REASONS",
    "ChangeRefused",
    "ask_again",
    "cancel",
    "change_address",
    "change_contact",
    "change_note",
    "change_tags",
    "edit_lines",
    "give_store_credit",
    "issue_gift_card",
    "keep_ours",
    "keep_theirs",
    "open_return",
    "refund",
    "refundable",
    "withdraw",
]
