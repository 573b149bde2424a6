"""Sentences of the story about the parts of an order: payments, work for locations, returns, and sums."""

from typing import Any

from backoffice.templatetags.words import money, words
from orders.admin.story import changed_in_words, tells

PAYMENTS = {
    "sale": "Payment",
    "authorization": "Authorization",
    "capture": "Capture",
    "void": "Void",
    "refund": "Money back",
    "change": "Change given",
    "emv_authorization": "Authorization",
    "suggested_refund": "Suggested refund",
}


@tells("order.unbalanced")
def _unbalanced(facts: dict[str, Any]) -> str:
    return f"The total does not add up by {facts['difference']} {facts['currency']}; look before anything is booked"


@tells("payment.created")
def _paid(facts: dict[str, Any]) -> str:
    return f"{_movement(facts)}: {words(facts['status']).lower()}"


@tells("payment.updated")
def _payment_changed(facts: dict[str, Any]) -> str:
    return f"{_movement(facts)} is now {words(facts['status']).lower()}"


def _movement(facts: dict[str, Any]) -> str:
    kind = PAYMENTS.get(facts["kind"], words(facts["kind"]))
    through = f" through {facts['gateway']}" if facts.get("gateway") else ""
    return f"{kind} of {money(facts['amount'])}{through}"


@tells("fulfillment_order.created")
def _work(facts: dict[str, Any]) -> str:
    units = facts["to_send"]
    return f"{units} unit{'s' if units != 1 else ''} to send from {facts['location'] or 'a location'}{_held(facts)}"


@tells("fulfillment_order.updated")
def _work_changed(facts: dict[str, Any]) -> str:
    place = facts["location"] or "A location"
    if set(facts["changed"]) & {"status", "holds"}:
        return f"{place}: {words(facts['status']).lower()}{_held(facts)}, {facts['to_send']} to send"
    return f"{place}, what is to be sent changed: {changed_in_words(facts)}"


def _held(facts: dict[str, Any]) -> str:
    reasons = ", ".join(words(reason).lower() for reason in facts.get("holds", []))
    return f" (on hold: {reasons})" if reasons else ""


@tells("return.created")
def _returned(facts: dict[str, Any]) -> str:
    units = sum(facts["units"].values())
    return f"Return of {units} unit{'s' if units != 1 else ''}: {words(facts['status']).lower()}"


@tells("return.updated")
def _return_changed(facts: dict[str, Any]) -> str:
    if "status" in facts["changed"]:
        return f"Return is now {words(facts['status']).lower()}"
    return f"Return changed: {changed_in_words(facts)}"
