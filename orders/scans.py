"""Which of two scans of a parcel came later: carriers tell minutes, and messages overtake one another."""

from datetime import datetime

# As far as a parcel has come; what we do not know counts as on its way.
STAGES = (
    "label_purchased", "label_printed", "confirmed", "carrier_picked_up", "in_transit", "delayed", "out_for_delivery",
    "attempted_delivery", "ready_for_pickup", "failure", "picked_up", "delivered",
)  # fmt: skip
_ON_ITS_WAY = STAGES.index("in_transit")


def turn(happened_at: datetime, status: str, remote_id: int) -> tuple[datetime, int, int]:
    """By what scans are put in order: when, of one moment how far, then by the shop's ids, which rise."""
    stage = STAGES.index(status) if status in STAGES else _ON_ITS_WAY
    return happened_at, stage, remote_id
