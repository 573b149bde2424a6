"""Photos in a customer's form: each is taken or not by itself, and what was not is told without a session."""

from collections.abc import Iterable, Iterator

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from protection.customer.pages import MOST_PHOTOS, Refused
from protection.customer.phrases import say
from protection.customer.refusals import photo_in_words
from protection.eligibility import ClaimRefused
from protection.evidence import add_evidence
from protection.models import Claim, Evidence
from protection.models.claim import MoveRefused
from protection.photos import PhotoRefused

Sent = list[tuple[str, UploadedFile]]
FULL = "too_many"


def sent_photos(files: MultiValueDict[str, UploadedFile]) -> Sent:
    """(kind, file) of everything that was chosen; raises Refused where that is more than a form may have."""
    found = [(kind, file) for kind in Evidence.Kind.values for file in files.getlist(kind)]
    if len(found) > MOST_PHOTOS:
        words = "Please send at most {most} photos at once, each of at most 15 MB."
        raise Refused(say(words, most=MOST_PHOTOS), "photos")
    return found


def take_in(claim: Claim, photos: Sent, *, by: str) -> list[str]:
    """Add the photos to the claim; for each that was not taken its place in the form and why, such as "2-damaged".

    Never call it in a transaction: opening a photo takes seconds. The same photo again is the evidence it was.
    """
    refused = []
    for place, (kind, file) in enumerate(photos, start=1):
        try:
            add_evidence(claim, file, by=by, kind=kind)
        except PhotoRefused as reason:
            refused.append(f"{place}-{reason.code}")
        except (ClaimRefused, MoveRefused):
            refused.append(f"{place}-{FULL}")
    return refused


def told(refused: Iterable[str]) -> Iterator[str]:
    """What `take_in` returned, as sentences; it comes from an address, so it may be anything."""
    for one in list(refused)[:MOST_PHOTOS]:
        place, _, code = one.partition("-")
        if place.isascii() and place.isdigit() and len(place) < 3:
            yield say("Photo {place} was not taken: {why}", place=place, why=photo_in_words(code))
