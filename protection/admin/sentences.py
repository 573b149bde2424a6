"""What the story says about coverage, claims and remedies."""

from typing import Any

from orders.admin.story import tells
from protection.messages.events import EVENTS
from protection.models import Claim, Evidence
from protection.routing.caps import WHY_LEFT

CLOSED = {
    Claim.Outcome.APPROVED: "Claim closed: approved and done",
    Claim.Outcome.PARTIAL: "Claim closed: partly approved and done",
    Claim.Outcome.DENIED: "Claim closed: denied",
    Claim.Outcome.WITHDRAWN: "Claim withdrawn",
    Claim.Outcome.DUPLICATE: "Claim closed as a duplicate",
    Claim.Outcome.ARRIVED: "Claim closed: the parcel arrived after all",
    Claim.Outcome.NO_RESPONSE: "Claim closed: no answer came",
}

ROUTED = {
    "approve": "approved",
    "ask": "the customer is asked",
    "hold": "held",
    "assign": "given to somebody",
    "flag": "flagged for staff",
}


def _kind(facts: dict[str, Any]) -> str:
    return str(facts.get("kind", "replacement")).replace("_", " ").capitalize()


def _money(amount: dict[str, str]) -> str:
    return f"{amount['amount']} {amount['currency']}"


def _units(number: int) -> str:
    return f"{number} unit{'s' if number != 1 else ''}"


def _told(facts: dict[str, Any]) -> str:
    event = EVENTS.get(facts.get("tells", ""))
    return event.title.lower() if event else "a message"


@tells("coverage.inactive")
def _covered(facts: dict[str, Any]) -> str:
    unknown = "; how the customer chose it is not known" if facts.get("consent") == "unknown" else ""
    return f"Covered by the delivery guarantee, from dispatch on{unknown}"


@tells("coverage.active")
def _active(facts: dict[str, Any]) -> str:
    return "The delivery guarantee is in force"


@tells("coverage.void")
def _void(facts: dict[str, Any]) -> str:
    return "The delivery guarantee is void: the order was cancelled or deleted"


@tells("coverage.removed")
def _removed(facts: dict[str, Any]) -> str:
    return "The delivery guarantee was taken off the order"


@tells("fee_refund.proposed")
def _fee_due(facts: dict[str, Any]) -> str:
    return f"Covered goods were taken off before dispatch: {_money(facts['amount']['shop'])} of the fee are due back"


@tells("fee_refund.asked")
def _fee_asked(facts: dict[str, Any]) -> str:
    return f"The shop was asked to pay {_money(facts['amount']['shop'])} of the fee back"


@tells("fee_refund.paid")
def _fee_paid(facts: dict[str, Any]) -> str:
    return f"{_money(facts['amount']['shop'])} of the fee went back"


@tells("fee_refund.refused")
def _fee_refused(facts: dict[str, Any]) -> str:
    return f"The shop did not pay a part of the fee back: {facts['reason']}"


@tells("fee_refund.dropped")
def _fee_dropped(facts: dict[str, Any]) -> str:
    return f"{_money(facts['amount']['shop'])} of the fee are not given back: {facts['why']}"


@tells("claim.submitted")
def _submitted(facts: dict[str, Any]) -> str:
    reason = Claim.Reason(facts["reason"]).label.lower()
    text = f"Claim filed: {reason}, {_units(sum(facts['items'].values()))}"
    return f"{text}. Accepted against the rules: {facts['override_reason']}" if facts.get("override_reason") else text


@tells("claim.waiting")
def _waiting(facts: dict[str, Any]) -> str:
    return f"Too early, the claim waits. {facts['why']}"


@tells("claim.in_review")
def _in_review(facts: dict[str, Any]) -> str:
    if facts.get("appealed"):
        return f"Appealed: {facts['why']}"
    if facts.get("why"):
        return f"Back in review: {facts['why']}"
    return {
        "submitted": "Claim put before an agent",
        "needs_info": "The customer answered; the claim is in review again",
        "closed": "Claim opened again",
    }.get(facts.get("from", ""), "Claim in review")


@tells("claim.needs_info")
def _asked(facts: dict[str, Any]) -> str:
    return f"Asked the customer: “{facts['question']}”"


@tells("claim.decided")
def _decided(facts: dict[str, Any]) -> str:
    approved = sum(d["quantity"] for d in facts["decisions"] if d["verdict"] != "deny")
    if not facts["decisions"]:
        return "Decided: what was in doubt is settled"
    words = f"Decided: {_units(approved)} approved" if approved else "Decided: denied"
    if similar := facts.get("similar"):
        because = f": {similar['why']}" if similar["why"] else ""
        words += f", although most similar claims were {similar['expected']}{because}"
    return words


@tells("claim.proposed")
def _proposed(facts: dict[str, Any]) -> str:
    if facts["state"] == "open":
        return f"Proposed to a lead: worth {_money(facts['amount'])}"
    return f"The proposal was sent back: {facts['why']}"


@tells("claim.resolving")
def _resolving(facts: dict[str, Any]) -> str:
    return "The remedy is under way; it can no longer be undone"


@tells("claim.closed")
def _closed(facts: dict[str, Any]) -> str:
    return CLOSED[Claim.Outcome(facts["outcome"])]


@tells("claim.replied")
def _replied(facts: dict[str, Any]) -> str:
    return "The customer wrote back"


@tells("claim.reminded")
def _reminded(facts: dict[str, Any]) -> str:
    return "The customer was reminded" if facts.get("number") == 1 else "The customer was reminded for the last time"


@tells("claim.asked_arrived")
def _asked_arrived(facts: dict[str, Any]) -> str:
    return f"The parcel moved ({facts['scan']}): asked the customer whether it arrived"


@tells("claim.not_arrived")
def _not_arrived(facts: dict[str, Any]) -> str:
    return "The customer says that it did not arrive"


@tells("claim.parcel_found")
def _parcel_found(facts: dict[str, Any]) -> str:
    return "The parcel was delivered after the claim had been paid for: please look"


@tells("claim.found_settled")
def _found_settled(facts: dict[str, Any]) -> str:
    return f"The found parcel is settled: {facts['why']}"


@tells("claim.routed")
def _routed(facts: dict[str, Any]) -> str:
    rule = f"“{facts['rule_name']}” v{facts['version']}"
    if facts["result"] == "left":
        return f"Rule {rule} fits, but leaves it to a person: {WHY_LEFT.get(facts['why'], facts['why'])}"
    amount = f" {_money(facts['amount'])}" if facts.get("amount") else ""
    return f"Rule {rule} fits: {ROUTED[facts['did']]}{amount}"


@tells("claim.message_queued")
def _message_queued(facts: dict[str, Any]) -> str:
    return f"Wrote to the customer: {_told(facts)}"


@tells("claim.message_sent")
def _message_sent(facts: dict[str, Any]) -> str:
    return f"Mail sent: {_told(facts)}"


@tells("claim.message_failed")
def _message_failed(facts: dict[str, Any]) -> str:
    return f"Mail refused: {_told(facts)}"


@tells("coverage.message_queued")
def _coverage_message_queued(facts: dict[str, Any]) -> str:
    return f"Wrote to the customer: {_told(facts)}"


@tells("coverage.message_sent")
def _coverage_message_sent(facts: dict[str, Any]) -> str:
    return f"Mail sent: {_told(facts)}"


@tells("coverage.message_failed")
def _coverage_message_failed(facts: dict[str, Any]) -> str:
    return f"Mail refused: {_told(facts)}"


@tells("claim.feedback_asked")
def _feedback_asked(facts: dict[str, Any]) -> str:
    return "Asked the customer how it went"


@tells("claim.assigned")
def _assigned(facts: dict[str, Any]) -> str:
    return f"Claim taken by {facts['assignee']}" if facts.get("assignee") else "Claim given back to the queue"


@tells("claim.feedback")
def _feedback(facts: dict[str, Any]) -> str:
    return f"The customer gave {facts['score']} of 5"


@tells("resolution.costed")
def _costed(facts: dict[str, Any]) -> str:
    parts = ", ".join(facts["parts"])
    return f"Real costs of a remedy entered: {parts}" if parts else "Costs of a remedy count as usual again"


@tells("resolution.queued")
def _queued(facts: dict[str, Any]) -> str:
    amount = f" of {_money(facts['amount'])}" if facts.get("amount") else ""
    return f"{_kind(facts)}{amount} planned{' instead' if facts.get('instead_of') else ''}"


@tells("claim.evidence_added")
def _evidence_added(facts: dict[str, Any]) -> str:
    return f"{Evidence.Kind(facts['kind']).label} added to the claim"


@tells("claim.evidence_withdrawn")
def _evidence_withdrawn(facts: dict[str, Any]) -> str:
    return f"{Evidence.Kind(facts['kind']).label} taken back from the claim"


@tells("resolution.reversed")
def _reversed(facts: dict[str, Any]) -> str:
    return f"Remedy taken back ({facts['why']})" if facts.get("why") else "Remedy taken back"


@tells("resolution.not_reversed")
def _not_reversed(facts: dict[str, Any]) -> str:
    return f"The shop does not take the replacement back: {facts['reason']}"


@tells("resolution.executed")
def _executed(facts: dict[str, Any]) -> str:
    if facts.get("remote_order_name"):
        return f"The shop made the replacement order {facts['remote_order_name']}"
    return f"{_kind(facts)}: done"


@tells("resolution.failed")
def _failed(facts: dict[str, Any]) -> str:
    return f"The shop refused the {_kind(facts).lower()}: {facts['reason']}"


@tells("resolution.held")
def _held(facts: dict[str, Any]) -> str:
    if facts.get("instead"):
        kinds = " and ".join(kind.replace("_", " ") for kind in facts["instead"])
        return f"{facts['reason']} Instead: {kinds}"
    return f"{_kind(facts)}: nobody knows whether it was done. {facts['reason']}"


@tells("resolution.linked")
def _linked(facts: dict[str, Any]) -> str:
    return f"Replacement order {facts['name']} came home"


@tells("resolution.unexpected")
def _unexpected(facts: dict[str, Any]) -> str:
    return (
        f"A replacement order appeared ({facts['replacement']}) although the remedy was {facts['state']}: please look"
    )


@tells("resolution.doubled")
def _doubled(facts: dict[str, Any]) -> str:
    return f"A second replacement order appeared ({facts['replacement']}): please look"


@tells("link.ended")
def _links_ended(facts: dict[str, Any]) -> str:
    return "All links that the customer had were ended"


@tells("link.asked")
def _link_asked(facts: dict[str, Any]) -> str:
    return "The customer asked for their link by e-mail"


@tells("link.made")
def _link_made(facts: dict[str, Any]) -> str:
    return f"A customer's link was made to be copied: {facts['purpose']}"
