"""Sentences for changes we asked the shop for."""

from typing import Any

from orders.admin.parcels import say
from orders.admin.story import tells
from orders.models import Change

WORDS = {
    "address": "the shipping address", "contact": "the contact", "note": "the note", "tags": "tags",
    "cancel": "cancelling", "edit": "an edit of the items", "refund": "a refund", "return": "a return",
    "store_credit": "store credit", "gift_card": "a gift card", "hold": "a hold", "release": "the release of a hold",
    "move": "a move to another location", "fulfil": "a parcel", "tracking": "tracking", "scan": "a tracking event",
    "stock": "stock",
}  # fmt: skip
VALUES = (Change.Kind.ADDRESS, Change.Kind.CONTACT, Change.Kind.NOTE, Change.Kind.TAGS)


def _what(facts: dict[str, Any]) -> str:
    word = WORDS.get(facts["kind"]) or say(facts["kind"]).lower()
    return f"a change of {word}" if facts["kind"] in VALUES else word


@tells("change.queued")
def _queued(facts: dict[str, Any]) -> str:
    if facts.get("kept") == "ours":
        return f"Decided for our value: {_what(facts)} goes to the shop again"
    return f"Asked the shop {'again ' if facts.get('again') else ''}for {_what(facts)}"


@tells("change.running")
def _running(facts: dict[str, Any]) -> str:
    return f"The shop works on {_what(facts)}"


@tells("change.done")
def _done(facts: dict[str, Any]) -> str:
    return f"The shop has made {_what(facts)}"


@tells("change.failed")
def _failed(facts: dict[str, Any]) -> str:
    return f"The shop refused {_what(facts)}: {facts['reason']}"


@tells("change.conflict")
def _conflict(facts: dict[str, Any]) -> str:
    fields = ", ".join(name.replace("_", " ") for name in facts["fields"])
    return f"The shop changed {fields} too; decide which value stays"


@tells("change.withdrawn")
def _withdrawn(facts: dict[str, Any]) -> str:
    return f"Given up: {_what(facts)}"
