"""Why units of a claim are denied, or get less than what was paid for them."""

# Stored with the decision and sent to partners, so a code never changes its meaning; add new ones.
DENIALS = {
    "delivered": "The carrier proves delivery",
    "no_evidence": "No proof of the damage or loss",
    "not_from_transit": "The damage is not from transit",
    "too_late": "Claimed too late",
    "too_early": "The parcel may still arrive",
    "wrong_address": "The address given was wrong",
    "not_covered": "Not covered by the guarantee",
    "abuse": "Misuse suspected",
    "other": "Another reason (see the note)",
}
NEEDS_NOTE = frozenset({"other"})
