"""English words for values in messages."""

REASONS = {
    "lost": "lost on its way",
    "not_received": "shown as delivered, but not received",
    "stolen": "stolen after delivery",
    "damaged": "damaged",
    "wrong_item": "wrong item",
    "missing_item": "missing item",
    "returned": "returned to sender",
    "wrong_address": "wrong address",
    "delayed": "delayed",
    "customs": "stuck in customs",
}
REMEDIES = {
    "replacement": "a replacement",
    "exchange": "another item instead",
    "refund": "a refund",
    "store_credit": "store credit",
    "gift_card": "a gift card",
    "goodwill": "a goodwill amount",
    "handled_elsewhere": "settled in another way",
}
DENIALS = {
    "delivered": "The carrier shows that it was delivered.",
    "no_evidence": "We have not seen proof of the damage or the loss.",
    "not_from_transit": "The damage does not come from the transport.",
    "too_late": "The time to claim was over.",
    "too_early": "The parcel may still arrive.",
    "wrong_address": "The address given with the order was not right.",
    "not_covered": "The guarantee does not cover this.",
    "abuse": "What we know does not fit together.",
    "other": "",
}
CHANGES = {
    "delivered": "Anything that shows it did not reach you: a word from a neighbour or the carrier, a police report.",
    "no_evidence": "Photos of the item, its packaging and the label.",
    "not_from_transit": "Photos that show how the packaging was damaged.",
    "too_late": "Proof that you told us, or the carrier, in time.",
    "too_early": "Write again if it has not come in the next days.",
    "wrong_address": "Your order confirmation, if it shows another address.",
    "not_covered": "Proof that the guarantee was part of your order.",
    "abuse": "An explanation, and papers that support it.",
    "other": "Whatever we could not know when we decided.",
}
ANCHORS = {
    "last_scan": "the carrier's last scan",
    "delivery_scan": "the delivery scan",
    "promised_date": "the promised delivery date",
    "rts_scan": "the scan that sent it back",
    "ship_date": "the day it was sent",
    "order_date": "the day of your order",
}
CLOSINGS = {
    "withdrawn": "It was withdrawn, as you asked.",
    "duplicate": "There is another claim on the same items; we go on there.",
    "arrived": "The parcel has arrived after all. We are glad it did.",
    "no_response": "We did not hear from you.",
}
PHRASES = {
    "hello": "Hello {name},",
    "hello_nobody": "Hello,",
    "given": "{units} × {item}: {remedy}",
    "given_money": "{units} × {item}: {remedy}, {amount}",
    "given_part": "{units} × {item}: approved in part, {remedy}, {amount}",
    "not_given": "{units} × {item}: not approved. {reason}",
    "waits": "Claims like this are looked at from {days} days after {anchor} on, which was {date}.",
    "changes": "What would lead to another decision:",
    "and_more": "… and {number} more",
}
