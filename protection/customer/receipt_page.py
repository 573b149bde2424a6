"""The decision receipt: what was decided and by what, what would change it, and the way to ask for another look."""

from typing import Any

from django.utils import timezone

from protection.appeals import appeal_until
from protection.customer import links
from protection.customer.links import Purpose, inside
from protection.customer.pages import LinkedPage
from protection.customer.phrases import say
from protection.customer.receipt import judged_by, remedies, verdicts
from protection.customer.status_words import standing
from protection.customer.thumbnails import thumbnails
from protection.customer.timing_words import reason_words
from protection.models import Claim


class ReceiptPage(LinkedPage):
    """To read and to print; it has no button that changes anything."""

    purpose = Purpose.RECEIPT
    template_name = "customer/receipt.html"

    def context(self) -> dict[str, Any]:
        claim = Claim.objects.select_related("order__shop", "rule").get(pk=self.claim.pk)
        until = appeal_until(claim)
        found = verdicts(claim)
        return {
            "title": say("What we decided"),
            "claim": claim,
            "reason_words": reason_words(claim.reason),
            "standing": standing(claim, claim.info_requests.filter(ended_at=None).first()),
            "verdicts": found,
            "would_change": list(dict.fromkeys(one.would_change for one in found if one.would_change)),
            "remedies": remedies(claim) if found else [],
            "judged": judged_by(claim),
            "photos": thumbnails(claim),
            "replies": list(claim.replies.all()),
            "appeal_until": until,
            "appeal_url": inside(links.appeal_url(claim)) if until and timezone.now() <= until else "",
        }
