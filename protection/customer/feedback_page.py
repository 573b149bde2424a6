"""One question when all is over: how was it?"""

from typing import Any, ClassVar

from django.utils import timezone

from protection.customer.feedback import feedback_of, feedback_until, give_feedback
from protection.customer.links import Purpose
from protection.customer.pages import LinkedPage, Refused
from protection.customer.phrases import say
from protection.models import Claim

SCORES = {5: "Very good", 4: "Good", 3: "So-so", 2: "Bad", 1: "Very bad"}


class FeedbackPage(LinkedPage):
    purpose = Purpose.FEEDBACK
    template_name = "customer/feedback.html"
    verbs: ClassVar[dict[str, str]] = {"send": "send"}

    def context(self) -> dict[str, Any]:
        claim = Claim.objects.select_related("order__shop").get(pk=self.claim.pk)
        given = feedback_of(claim)
        until = None if claim.is_open else feedback_until(claim, given)
        typed = self.request.POST
        return {
            "title": say("How was it?"),
            "given": given,
            "may": until is not None and timezone.now() <= until,
            "until": until,
            "scores": [(str(score), say(words)) for score, words in SCORES.items()],
            "score": typed.get("score", str(given.score) if given else ""),
            "comment": typed.get("comment", given.comment if given else ""),
            "done": say("Thank you for telling us.") if self.request.GET.get("done") == "sent" else "",
        }

    def send(self) -> str:
        score = self.request.POST.get("score", "")
        if score not in map(str, SCORES):
            raise Refused(say("Please choose one of the five answers."), "score")
        give_feedback(self.claim, int(score), self.text("comment"), by=self.by)
        return f"{self.request.path}?done=sent"
