"""Why something was not taken, told to the customer: by the refusal's code, in their language."""

from protection.customer.phrases import say
from protection.eligibility import ClaimRefused
from protection.models.claim import MoveRefused

SENTENCES = {
    "already_appealed": "You have asked for another look before; that can be done once.",
    "already_claimed": "There is an open claim on these items already.",
    "already_decided": "This claim has been decided, and what was decided is being carried out.",
    "appeal_too_late": "The time to ask for another look is over.",
    "claim_closed": "This claim is closed. If you think that is wrong, ask for another look.",
    "date_before_order": "This day is before the day of your order.",
    "date_in_future": "This day has not come yet.",
    "duplicate_choice": "You chose the same wish twice.",
    "feedback_closed": "The time to give feedback on this claim is over.",
    "invalid_quantity": "Please choose a quantity that was bought.",
    "no_items": "Please choose at least one item.",
    "not_closed": "This claim is not closed yet; we ask you when it is.",
    "nothing_to_appeal": "There is nothing in this decision to look at again.",
    "reason_missing": "Please tell us what we got wrong.",
    "remedy_not_allowed": "This cannot be given for this reason. Please choose another wish.",
    "removed_from_order": "Some of these were taken off your order before it was sent.",
    "too_many_photos": "This claim has as many photos as we can take. You can write to us instead.",
    "unit_already_used": "Some of these have been refunded, returned or replaced before.",
    "variant_missing": "Please choose which item you would like instead.",
}
MOVED_ON = "This claim has moved on while you were writing. Here is how it stands now."
FIELDS = {"/items": "items", "/happened_on": "happened_on", "/choices": "choices", "/why": "why", "/photo": "photos"}
PHOTOS = {
    "busy": "Many photos are coming in at this moment. Please send it again in a minute.",
    "damaged": "This photo is damaged or incomplete. Please send it again, or take a new one.",
    "empty": "This file is empty.",
    "not_a_photo": "This file is no photo that we can open. Please send a JPEG, PNG, WebP or HEIC photo.",
    "too_costly": "This photo could not be opened. Please send a smaller one.",
    "too_large": "A photo may have at most 15 MB. Please send a smaller one.",
    "too_many": "This claim has as many photos as we can take. You can write to us instead.",
    "too_many_pixels": "This photo is too big. Please send a smaller one.",
    "two_things": "This file is a picture and something else at once. Please send the plain photo.",
}


def in_words(reason: ClaimRefused | MoveRefused) -> tuple[str, str]:
    """(sentence, name of the field at fault or "") for a refusal of the rules or of the claim's state."""
    if isinstance(reason, MoveRefused):
        return say(MOVED_ON), ""
    place = next((field for start, field in FIELDS.items() if reason.pointer.startswith(start)), "")
    sentence = SENTENCES.get(reason.code)
    return (say(sentence) if sentence else str(reason)), place


def photo_in_words(code: str) -> str:
    """The sentence for a photo that was not taken; `code` may come from an address, so an unknown one is "damaged"."""
    return say(PHOTOS.get(code, PHOTOS["damaged"]))
