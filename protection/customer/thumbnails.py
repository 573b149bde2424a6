"""The photos of a claim as its customer sees them: small, by links that end in five minutes."""

from dataclasses import dataclass

from protection import showing
from protection.customer.filing_form import PHOTOS
from protection.customer.links import inside
from protection.customer.phrases import say
from protection.models import Claim, Evidence


@dataclass(frozen=True, slots=True)
class Thumbnail:
    url: str
    words: str
    kind: str
    evidence: Evidence


def thumbnails(claim: Claim) -> list[Thumbnail]:
    """Every photo that is a part of the claim now, oldest first; one query."""
    return [
        Thumbnail(inside(showing.link(one, made_for="customer", thumbnail=True)), say(PHOTOS[one.kind]), one.kind, one)
        for one in claim.evidence.filter(removed_at=None)
    ]
