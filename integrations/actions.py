"""Every action the journal records, as partners may ask for it: a public contract, one sentence each.

A test reads the code of the floors below and fails when an action is recorded that is not listed here, or listed and
recorded nowhere.
"""

from collections.abc import Iterable

ACTIONS = {
    "order.created": "A new order came in",
    "order.imported": "An order of the past came in with the store's history; sent only where it is named itself",
    "order.updated": "Something of an order changed; the data names what",
    "order.cancelled": "An order was cancelled",
    "order.deleted": "An order was deleted at the shop; we keep it",
    "order.redacted": "Personal data of an order was erased by request; erase yours",
    "order.unbalanced": "An order's total is not the sum of its parts; look before anything is booked",
    "payment.created": "Money was paid, authorized, given back, or a try at it was made",
    "payment.updated": "A movement of money was settled or corrected",
    "fulfillment_order.created": "Units of an order are to be sent from a location",
    "fulfillment_order.updated": "What is to be sent from a location changed: status, holds, place, units",
    "fulfillment.created": "A parcel was made",
    "fulfillment.updated": "A parcel changed: tracking, status, contents",
    "tracking.scanned": "The carrier scanned a parcel",
    "tracking.removed": "A scan was taken back at the shop",
    "return.created": "Goods are to come back, or are on their way",
    "return.updated": "A return changed: status, units, what arrived",
    "refund.created": "Money was refunded",
    "refund.updated": "A refund was completed or corrected",
    "dispute.opened": "A customer's bank disputes a payment",
    "dispute.updated": "A dispute changed or ended",
    "stock.updated": "Units of an item at a location changed; of no order",
    "entitlement.exceeded": "Units were refunded that had been replaced or refunded before",
    "coverage.inactive": "Protection was bought; it begins when the order ships",
    "coverage.active": "Protection began",
    "coverage.expired": "Protection ended, its time is over",
    "coverage.void": "Protection ended with the order",
    "coverage.removed": "Protection was taken off the order",
    "claim.submitted": "A claim was filed",
    "claim.waiting": "A claim is too early and waits for its date",
    "claim.in_review": "A claim is looked at, or again",
    "claim.needs_info": "The customer was asked for something",
    "claim.proposed": "A decision above its author's limit waits for a lead, or was sent back",
    "claim.decided": "A claim was decided",
    "claim.resolving": "The remedies of a claim are under way",
    "claim.closed": "A claim was closed; the data names the outcome",
    "claim.evidence_added": "A photo was added to a claim",
    "claim.evidence_withdrawn": "A photo of a claim was taken back",
    "claim.assigned": "A claim was taken by somebody, or given back",
    "claim.replied": "The customer wrote back about a claim",
    "claim.reminded": "The customer was reminded of what was asked",
    "claim.asked_arrived": "A parcel moved while its claim waits: the customer is asked whether it arrived",
    "claim.not_arrived": "The customer says that the parcel did not arrive",
    "claim.parcel_found": "A parcel was delivered after its claim had been paid for",
    "claim.found_settled": "Staff settled what becomes of a found parcel",
    "resolution.queued": "A remedy was decided and is about to be carried out",
    "resolution.reversed": "A remedy was taken back",
    "resolution.executed": "A remedy was carried out at the shop",
    "resolution.failed": "The shop refused a remedy",
    "resolution.held": "A remedy stopped: another is given instead, or somebody must look whether it was done",
    "resolution.not_reversed": "The shop refused to take a remedy back",
    "resolution.linked": "The replacement order arrived in the orders",
    "resolution.unexpected": "A replacement order appeared for a remedy that had been taken back",
    "resolution.doubled": "A second replacement order appeared for one remedy",
    "link.ended": "Staff ended every link that a customer had to an order and its claims",
    "change.queued": "A change of an order was asked for and is on its way to the shop",
    "change.running": "The shop took a change and works on it",
    "change.done": "A change was made at the shop",
    "change.failed": "The shop refused a change; the data says why",
    "change.conflict": "The shop has changed the same fields; somebody decides",
    "change.withdrawn": "A change was given up",
}
SUBJECTS = tuple(dict.fromkeys(action.split(".", 1)[0] for action in ACTIONS))


def unknown(asked: Iterable[str]) -> list[str]:
    """Those of `asked` that are neither an action, nor a subject with `.*`, nor `*`."""
    known = {"*", *ACTIONS, *(f"{subject}.*" for subject in SUBJECTS)}
    return [name for name in asked if name not in known]
