"""Adding photos to a claim, and nothing else: the link to send somebody who shall show what came."""

from typing import Any, ClassVar

from protection.customer import sent_photos
from protection.customer.filing_form import PHOTOS
from protection.customer.links import Purpose
from protection.customer.pages import WITH_PHOTOS, LinkedPage, Refused
from protection.customer.phrases import say
from protection.customer.thumbnails import thumbnails
from protection.customer.timing_words import reason_words


class EvidencePage(LinkedPage):
    """The same photo again is the one it was, so that a form may be sent again after it broke off."""

    purpose = Purpose.EVIDENCE
    template_name = "customer/evidence.html"
    most_bytes = WITH_PHOTOS
    verbs: ClassVar[dict[str, str]] = {"send": "send"}

    def context(self) -> dict[str, Any]:
        return {
            "title": say("Add photos to your claim"),
            "claim": self.claim,
            "reason_words": reason_words(self.claim.reason),
            "asked_for": self.claim.info_requests.filter(ended_at=None).first(),
            "kinds": [(kind, say(words)) for kind, words in PHOTOS.items()],
            "photos": thumbnails(self.claim),
            "done": say("Thank you. We have your photos.") if self.request.GET.get("done") == "photos" else "",
            "not_taken": list(sent_photos.told(self.request.GET.getlist("photo"))),
        }

    def send(self) -> str:
        photos = sent_photos.sent_photos(self.request.FILES)
        if not photos:
            raise Refused(say("Please choose a photo."), "photos")
        refused = sent_photos.take_in(self.claim, photos, by=self.by)
        done = "photos" if len(refused) < len(photos) else ""
        return f"{self.request.path}?done={done}{''.join(f'&photo={one}' for one in refused)}"
