"""Asking for another look at a decision: once, in its time, and another person takes it."""

from typing import Any, ClassVar

from django.utils import timezone

from protection.appeals import appeal, appeal_until
from protection.customer import links
from protection.customer.links import Purpose, inside
from protection.customer.pages import LinkedPage
from protection.customer.phrases import say
from protection.customer.status_words import standing
from protection.models import Claim


class AppealPage(LinkedPage):
    """Where there is nothing (any more) to appeal, the page says how the claim stands instead of a form."""

    purpose = Purpose.APPEAL
    template_name = "customer/appeal.html"
    verbs: ClassVar[dict[str, str]] = {"appeal": "appeal"}

    def context(self) -> dict[str, Any]:
        claim = Claim.objects.select_related("order__shop").get(pk=self.claim.pk)
        until = appeal_until(claim)
        return {
            "title": say("Ask for another look"),
            "claim": claim,
            "until": until,
            "may": until is not None and timezone.now() <= until,
            "standing": standing(claim, claim.info_requests.filter(ended_at=None).first()),
            "receipt_url": inside(links.receipt_url(claim)),
        }

    def appeal(self) -> str:
        claim = appeal(self.claim, self.text("why"), by=self.by)
        return f"{inside(links.claim_url(claim))}?done=appealed"
