"""What customers are told of, and the words that stand for values in its text: one list, read by all languages.

A variable's kind says how it is shown: one line of text, several lines, or a link to one of the customer's pages.
"""

from dataclasses import dataclass

TEXT, LINES, LINK = "text", "lines", "link"


@dataclass(frozen=True, slots=True)
class Variable:
    words: str  # what it stands for, for who writes a text
    kind: str = TEXT


VARIABLES: dict[str, Variable] = {
    "greeting": Variable("“Hello Anna,” in the text's language, without a name where none is known"),
    "first_name": Variable("the customer's first name, may be empty"),
    "order_name": Variable("the order's name, such as #1001"),
    "shop_name": Variable("the shop's name"),
    "claim_id": Variable("the claim's id, to be quoted"),
    "reason": Variable("the claim's reason in words"),
    "items": Variable("the items the claim is about, one a line", LINES),
    "filed_on": Variable("the day the claim was filed"),
    "claim_link": Variable("the customer's page of the claim", LINK),
    "waits_until": Variable("the day the claim will be looked at"),
    "waits_why": Variable("the rule that makes it wait, in words"),
    "scanned_on": Variable("the day of the parcel's newest scan"),
    "questions": Variable("what the customer is asked for, one a line", LINES),
    "due_on": Variable("the day until which the answer is awaited"),
    "reopens_until": Variable("the day until which an answer opens the claim again"),
    "evidence_link": Variable("the page where photos and answers are sent", LINK),
    "decision": Variable("what was decided, one item a line", LINES),
    "what_would_change_it": Variable("what would lead to another decision, one reason a line", LINES),
    "appeal_until": Variable("the last day to appeal, empty where there is nothing to appeal"),
    "appeal_link": Variable("the page to appeal on", LINK),
    "receipt_link": Variable("the page that shows how it was decided", LINK),
    "remedy": Variable("the remedy in words"),
    "amount": Variable("the money given, in the customer's currency"),
    "replacement_order": Variable("the name of the replacement's order"),
    "carrier": Variable("who carries the replacement"),
    "tracking_number": Variable("its tracking number"),
    "tracking_link": Variable("where it is followed", LINK),
    "found_on": Variable("the day the first parcel was delivered"),
    "closed_why": Variable("how the claim ended, in words"),
    "fee": Variable("the fee of the delivery guarantee"),
    "feedback_link": Variable("the page that asks how it went", LINK),
    "message": Variable("what staff wrote", LINES),
    "filing_link": Variable("the page to file a claim on the order, and to see those there are", LINK),
}

_ALWAYS = ("greeting", "first_name", "order_name", "shop_name")
_CLAIM = (*_ALWAYS, "claim_id", "reason", "items", "filed_on", "claim_link")
_ASKED = (*_CLAIM, "questions", "due_on", "evidence_link")
_DECIDED = (*_CLAIM, "decision", "what_would_change_it", "appeal_until", "appeal_link", "receipt_link")
_GIVEN = (*_CLAIM, "remedy", "amount")


@dataclass(frozen=True, slots=True)
class Event:
    title: str
    variables: tuple[str, ...]


EVENTS: dict[str, Event] = {
    "received": Event("Claim received", _CLAIM),
    "waiting": Event("Too early: it waits until a date", (*_CLAIM, "waits_until", "waits_why")),
    "asked_arrived": Event("A new scan: did it arrive?", (*_CLAIM, "scanned_on")),
    "needs_info": Event("Information needed", _ASKED),
    "reminder": Event("First reminder of what is needed", _ASKED),
    "last_reminder": Event("Last reminder of what is needed", _ASKED),
    "no_response": Event("Closed for want of an answer", (*_CLAIM, "questions", "reopens_until", "evidence_link")),
    "in_review": Event("In review again", _CLAIM),
    "approved": Event("Decided: approved", _DECIDED),
    "partly_approved": Event("Decided: partly approved", _DECIDED),
    "denied": Event("Decided: denied", _DECIDED),
    "appeal_received": Event("Appeal received", _CLAIM),
    "appeal_answered": Event("Appeal answered", _DECIDED),
    "replacement_ordered": Event("Replacement ordered", (*_GIVEN, "replacement_order")),
    "replacement_shipped": Event(
        "Replacement on its way", (*_GIVEN, "replacement_order", "carrier", "tracking_number", "tracking_link")
    ),
    "refund_made": Event("Refund made", _GIVEN),
    "credit_given": Event("Store credit given", _GIVEN),
    "gift_card_sent": Event("Gift card made", _GIVEN),
    "handled_elsewhere": Event("Settled in another way", _GIVEN),
    "remedy_failed": Event("A remedy did not work out", _CLAIM),
    "parcel_found": Event("The first parcel was found", (*_CLAIM, "found_on")),
    "closed": Event("Closed without a decision", (*_CLAIM, "closed_why")),
    "fee_refunded": Event("Fee given back", (*_ALWAYS, "fee")),
    "fee_partly_refunded": Event("A part of the fee given back", (*_ALWAYS, "fee")),
    "feedback": Event("How did it go?", (*_CLAIM, "feedback_link")),
    "link": Event("The link to an order, asked for", (*_ALWAYS, "filing_link")),
    "written": Event("A message written by staff", (*_CLAIM, "message")),
}
MACRO_VARIABLES = tuple(name for name in _CLAIM if VARIABLES[name].kind != LINK)
