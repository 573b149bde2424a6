"""The claim as its customer sees it: how it stands, what we asked, an answer with photos, and the way out of it."""

from decimal import Decimal
from typing import Any, ClassVar

from django.utils import timezone

from protection import arrivals, asking, filing
from protection.appeals import appeal_until
from protection.asking import reply_window
from protection.customer import links, sent_photos
from protection.customer.feedback import feedback_of, feedback_until
from protection.customer.filing_form import PHOTOS
from protection.customer.links import Purpose, inside
from protection.customer.once import key_with, new_key, taken_once
from protection.customer.pages import WITH_PHOTOS, LinkedPage, Refused
from protection.customer.phrases import say
from protection.customer.status_words import standing
from protection.customer.thumbnails import thumbnails
from protection.customer.timeline import timeline
from protection.customer.timing_words import long, reason_words
from protection.models import Claim
from protection.review import paid_for
from protection.verbs import VERBS
from protection.windows import shipment_of, timing

State, Outcome = Claim.State, Claim.Outcome
DONE = {
    "filed": "We have your claim. Keep this page's address: here you see how it goes on.",
    "answered": "Thank you. We have your answer.",
    "photos": "Thank you. We have your photos.",
    "arrived": "Good to hear that it arrived. We have closed the claim.",
    "not_arrived": "Thank you. We keep your claim and look at it.",
    "withdrawn": "You have taken your claim back. Nothing else happens.",
    "appealed": "We have your request. Another person than before looks at it.",
}


class ClaimPage(LinkedPage):
    """Every button says what the customer may do now; the verbs themselves check it again under the claim's lock."""

    purpose = Purpose.CLAIM
    template_name = "customer/claim.html"
    most_bytes = WITH_PHOTOS
    verbs: ClassVar[dict[str, str]] = {
        "answer": "answer", "arrived": "arrived", "not_arrived": "not_arrived", "withdraw": "withdraw",
    }  # fmt: skip

    def context(self) -> dict[str, Any]:
        claim = Claim.objects.select_related("order__shop", "rule").get(pk=self.claim.pk)
        request = claim.info_requests.filter(ended_at=None).first()
        photos = thumbnails(claim)
        decided = claim.decided_at is not None and claim.state in (State.DECIDED, State.RESOLVING, State.CLOSED)
        until = appeal_until(claim)
        items = list(claim.items.select_related("line__order"))
        waits = claim.state == State.WAITING
        shipment = shipment_of(claim.order, [item.line for item in items]) if waits else None
        return {
            "title": say("Your claim"),
            "claim": claim,
            "items": items,
            "reason_words": reason_words(claim.reason),
            "standing": standing(claim, request),
            "why_waiting": long(timing(claim.rule, shipment, timezone.now())) if shipment else "",
            "asked_for": request,
            "asks_arrived": waits and claim.next_actor == Claim.Actor.CUSTOMER,
            "may_say_arrived": claim.state in VERBS["say_arrived"].states and claim.reason in arrivals.NOT_COME,
            "may_answer": claim.is_open or self._reopens(claim),
            "may_withdraw": claim.state in VERBS["withdraw"].states,
            "missing": self._missing(claim, {photo.kind for photo in photos}, items),
            "kinds": [(kind, say(words)) for kind, words in PHOTOS.items()],
            "photos": photos,
            "moments": timeline(claim),
            "receipt_url": inside(links.receipt_url(claim)) if decided or not claim.is_open else "",
            "appeal_url": inside(links.appeal_url(claim)) if until and until > timezone.now() else "",
            "appeal_until": until,
            **self._feedback(claim),
            "done": say(DONE[self.request.GET["done"]]) if self.request.GET.get("done") in DONE else "",
            "not_taken": list(sent_photos.told(self.request.GET.getlist("photo"))),
            "key": self.request.POST.get("key", "")[:64] or new_key(),
        }

    def answer(self) -> str:
        text, photos = self.text("text"), sent_photos.sent_photos(self.request.FILES)
        if not text and not photos:
            raise Refused(say("Please write something, or choose a photo."), "text")
        key = key_with(self.text("key", 64) or new_key(), text)
        taken_once(self.claim.order, key, lambda: self._answered(text))
        refused = sent_photos.take_in(self.claim, photos, by=self.by)
        return self._here("answered" if text else "photos", refused)

    def arrived(self) -> str:
        arrivals.say_arrived(self.claim, True, by=self.by)
        return self._here("arrived")

    def not_arrived(self) -> str:
        arrivals.say_arrived(self.claim, False, by=self.by)
        return self._here("not_arrived")

    def withdraw(self) -> str:
        filing.withdraw(self.claim, by=self.by)
        return self._here("withdrawn")

    def _answered(self, text: str) -> Claim:
        return asking.answer(self.claim, text, by=self.by) if text else self.claim

    def _here(self, done: str, refused: list[str] | None = None) -> str:
        return f"{self.request.path}?done={done}{''.join(f'&photo={one}' for one in refused or [])}"

    def _reopens(self, claim: Claim) -> bool:
        """Whether an answer opens the closed claim again."""
        silent = claim.outcome == Outcome.NO_RESPONSE and claim.closed_at
        return bool(silent and timezone.now() <= silent + reply_window())

    def _missing(self, claim: Claim, kinds: set[str], items: list[Any]) -> list[str]:
        """Photos that the rule needs for what is claimed and that are not here yet, in words."""
        if claim.rule is None or claim.decided_at or claim.state not in VERBS["withdraw"].states:
            return []
        value = sum((paid_for(item.line, item.quantity).shop.amount for item in items), Decimal(0))
        return [say(PHOTOS[kind]) for kind in claim.rule.needs(value) if kind in PHOTOS and kind not in kinds]

    def _feedback(self, claim: Claim) -> dict[str, Any]:
        if claim.is_open:
            return {}
        given = feedback_of(claim)
        may = timezone.now() <= feedback_until(claim, given)
        return {"feedback": given, "feedback_url": inside(links.feedback_url(claim)) if may else ""}
