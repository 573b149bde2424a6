"""Filing a claim, in two steps: what happened to which items, then what the rule of that reason asks."""

from typing import Any, ClassVar

from django.utils import timezone

from orders.models import LineItem, Order
from protection.customer import filing_form, links, sent_photos
from protection.customer.links import Purpose
from protection.customer.once import new_key, taken_once
from protection.customer.order_facts import Item, ReasonOffered, items_of, reasons_of, why_not_covered
from protection.customer.pages import WITH_PHOTOS, LinkedPage, Refused
from protection.customer.phrases import say
from protection.customer.timing_words import long, reason_words
from protection.eligibility import ItemAsked
from protection.filing import Wishes, file_claim
from protection.models import Claim


class FilePage(LinkedPage):
    """GET without a reason shows step one, with one step two; POST files. Choosing writes nothing."""

    purpose = Purpose.FILE
    template_name = "customer/choose.html"
    most_bytes = WITH_PHOTOS
    verbs: ClassVar[dict[str, str]] = {"file": "file"}
    order: Order

    def context(self) -> dict[str, Any]:
        common = {"claims": self._claims()}
        if why := why_not_covered(self.order):
            self.template_name = "customer/not_covered.html"
            return common | {"title": say("Not covered"), "why": why}
        items = items_of(self.order)
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        if "reason" not in sent:
            return common | self._step_one(items, "", "")
        try:
            reason, chosen = self._chosen(items)
        except Refused as refusal:
            return common | self._step_one(items, str(refusal), refusal.field)
        return common | self._step_two(reason, chosen)

    def _step_one(self, items: list[Item], refusal: str, field: str) -> dict[str, Any]:
        sent = self.request.GET
        found = {
            "title": say("Tell us what happened"),
            "items": [(item, self._typed(sent, item, items)) for item in items],
            "any_left": any(item.left for item in items),
            "reasons": reasons_of(self.order),
            "reason": sent.get("reason", ""),
        }
        return found | ({"refusal": refusal, "at": field} if refusal else {})

    def _typed(self, sent: Any, item: Item, items: list[Item]) -> str:
        """What was chosen, or the one unit that can be meant where there is only one."""
        only = sum(one.left for one in items) == 1 and item.left == 1
        return str(sent.get(f"q-{item.line.public_id}", "1" if only else "0"))

    def _step_two(self, reason: str, chosen: list[ItemAsked]) -> dict[str, Any]:
        offered = self._offered(reason, chosen)
        common: dict[str, Any] = {"reason": reason, "reason_words": reason_words(reason), "chosen": chosen}
        common |= {"when": offered.timing.state, "timing": long(offered.timing), "opens_at": offered.timing.opens_at}
        if offered.timing.state == "late":
            self.template_name = "customer/late.html"
            return common | {"title": say("Too late for this claim"), "closes_at": offered.timing.closes_at}
        asked = filing_form.asked_about(self.order, reason, chosen)
        self.template_name = "customer/file.html"
        typed = self.request.POST
        wishes = range(1, min(filing_form.MOST_WISHES, len(asked.wishes)) + 1)
        first = asked.wishes[0][0] if asked.wishes else ""
        return common | {
            "title": say("Your claim"),
            "asked": asked,
            "questions": [(f"answer-{place}", say(words), typed.get(f"answer-{place}", ""))
                          for place, words in enumerate(asked.questions)],
            "wishes": [(place, typed.get(f"wish-{place}", first if place == 1 else "")) for place in wishes],
            "address": self.order.shipping_address or {},
            "address_fields": [(f"to-{name}", say(words), fill, typed.get(f"to-{name}", ""), dispensable)
                               for name, words, fill, dispensable in filing_form.ADDRESS_FIELDS],
            "key": typed.get("key", "")[:64] or new_key(),
            "today": timezone.localdate(),
        }  # fmt: skip

    def file(self) -> str:
        reason, chosen = self._chosen([Item(line, 0, "") for line in self.order.lines.all()])
        asked = filing_form.asked_about(self.order, reason, chosen)
        answered = filing_form.read(asked, self.order, {name: self.text(name) for name in filing_form.fields(asked)})
        photos = sent_photos.sent_photos(self.request.FILES)

        def file() -> Claim:
            wishes = Wishes(answered.choices, answered.ship_to, answered.happened_on)
            return file_claim(self.order, reason=reason, items=chosen, by=self.by, description=answered.description,
                              wishes=wishes)  # fmt: skip

        claim = taken_once(self.order, self.text("key", 64) or new_key(), file)
        refused = sent_photos.take_in(claim, photos, by=self.by)
        return f"{links.inside(links.claim_url(claim))}?done=filed{''.join(f'&photo={one}' for one in refused)}"

    def _chosen(self, items: list[Item]) -> tuple[str, list[ItemAsked]]:
        sent = self.request.POST if self.request.method == "POST" else self.request.GET
        reason = sent.get("reason", "")
        if reason not in Claim.Reason.values:
            raise Refused(say("Please choose what happened."), "reason")
        lines: list[LineItem] = [item.line for item in items]
        return reason, filing_form.items_asked(lines, sent)

    def _offered(self, reason: str, chosen: list[ItemAsked]) -> ReasonOffered:
        offered = reasons_of(self.order, [one.line for one in chosen])
        return next(one for one in offered if one.value == reason)

    def _claims(self) -> list[tuple[str, str]]:
        """Claims on this order that are open already: (where to look, which)."""
        claims = Claim.objects.filter(order=self.order).exclude(state=Claim.State.CLOSED).select_related("order")
        return [(links.inside(links.claim_url(claim)), reason_words(claim.reason)) for claim in claims]
