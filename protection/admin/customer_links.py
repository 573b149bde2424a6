"""The customer's links of one order: made by staff to be copied, and ended where one went to the wrong person."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from backoffice.console.pages import ConsolePage, Refused
from orders.models import Order
from protection.customer import links
from protection.customer.links import Opened, Purpose
from protection.models import Claim

CHANGE = "protection.change_claim"
OF_CLAIM = {
    Purpose.CLAIM: (links.claim_url, "how it stands, answer, withdraw"),
    Purpose.EVIDENCE: (links.evidence_url, "add photos, nothing else"),
    Purpose.RECEIPT: (links.receipt_url, "what was decided and why"),
    Purpose.APPEAL: (links.appeal_url, "ask for another look"),
    Purpose.FEEDBACK: (links.feedback_url, "say how it went"),
}


class CustomerLinksPage(ConsolePage):
    """A link is shown in the answer to the button and kept nowhere; that it was made is on record."""

    template_name = "protection/customer_links.html"
    verbs: ClassVar[dict[str, str]] = {"make": CHANGE, "end": CHANGE}
    made: tuple[str, str] | None = None

    def may_see(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHANGE)

    def load(self, pk: int) -> Order | None:
        return Order.objects.select_related("shop").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        order: Order = self.subject
        claims = Claim.objects.filter(order=order).order_by("-id")
        return {
            "title": f"Customer's links of {order}",
            "order": order,
            "claims": [(claim, [(f"{purpose}:{claim.pk}", words) for purpose, (_, words) in OF_CLAIM.items()])
                       for claim in claims],
            "made": self.made,
            "lasts": links.LASTS[Purpose(self.request.POST.get("for", "").partition(":")[0])].days if self.made else 0,
        }  # fmt: skip

    def make(self) -> HttpResponse:
        purpose, _, pk = self.request.POST.get("for", "").partition(":")
        order: Order = self.subject
        claim = Claim.objects.filter(order=order, pk=pk).select_related("order").first() if pk.isdecimal() else None
        if order.redacted_at:
            raise Refused("The personal data of this order was erased; its links open nothing any more.")
        if purpose == Purpose.FILE:
            url, words = links.filing_url(order), "file a claim on this order"
        elif claim is not None and purpose in OF_CLAIM:
            make, words = OF_CLAIM[Purpose(purpose)]
            url = make(claim)
        else:
            raise Refused("Choose which page the link shall open.")
        links.note_made(Opened(order, claim), Purpose(purpose), by=self.by)
        self.made = (url, words)
        answer = self.answer()
        answer["Cache-Control"] = "private, no-store"
        return answer

    def end(self) -> str:
        links.end_links(self.subject, by=self.by)
        return "Every link made until now has ended. Customers get a new one by order number and e-mail."

    @property
    def by(self) -> str:
        return f"staff:{self.request.user.get_username()}"
