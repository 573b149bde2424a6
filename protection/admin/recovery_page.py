"""The page of one recovery: the case, its days and money, its papers, and every button."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from backoffice.console.pages import ConsolePage, Refused
from orders.admin.parcels import parcels
from orders.admin.story import story
from orders.models import JournalEntry
from orders.money import text_of
from protection.models import Carrier, Evidence, Recovery
from protection.recovery import doubts, ending, filing, packet, reckoning, words
from protection.recovery.actors import VERBS, WRITE_OFF, Actor, RecoveryRefused, locked
from protection.recovery.deadlines import zone_of

AMOUNTS = (("Expected", "expected"), ("Claimed", "claimed"), ("Approved", "approved"), ("Received", "received"))
CHANGE, FETCH = "protection.change_recovery", "protection.fetch_recovery_packet"
STATE_TONES = {
    Recovery.State.ELIGIBLE: "warn",
    Recovery.State.NEEDS_INFO: "warn",
    Recovery.State.FILED: "info",
    Recovery.State.APPROVED: "good",
    Recovery.State.PAID: "good",
    Recovery.State.DENIED: "bad",
    Recovery.State.EXPIRED: "bad",
}


class RecoveryPage(ConsolePage):
    """Each button carries the version that was on the screen; a stale one is refused, and says so."""

    template_name = "protection/recovery.html"
    verbs: ClassVar[dict[str, str]] = {
        **dict.fromkeys(
            ("file", "name_carrier", "ask", "inform", "approve", "deny", "pay", "withdraw", "keep"), CHANGE
        ),
        **dict.fromkeys(("write_off", "pay_back", "reopen"), WRITE_OFF),
        **dict.fromkeys(("archive", "page"), FETCH),
    }

    def load(self, pk: int) -> Recovery | None:
        rows = Recovery.objects.select_related("order__shop", "order__customer", "parcel", "carrier", "terms")
        return rows.filter(pk=pk).first() if pk < 2**63 else None

    @property
    def actor(self) -> Actor:
        return Actor.staff(cast(User, self.request.user))

    def context(self) -> dict[str, Any]:
        recovery: Recovery = self.subject
        lines = recovery.order.lines.all()
        shown = recovery.order.fulfillments.filter(pk=recovery.parcel_id).prefetch_related("scans")
        possible = [verb for verb, rule in VERBS.items() if recovery.state in rule.states]
        wanted = recovery.claimed if recovery.claimed is not None else recovery.expected
        return {
            "title": f"Carrier claim: {recovery}",
            "recovery": recovery,
            "order": recovery.order,
            "claims": recovery.claims.all(),
            "possible": [verb for verb in possible if recovery.doubt or verb not in ("withdraw", "keep")],
            "parcels": parcels(shown, lines),
            "story": story(JournalEntry.objects.filter(subject=recovery.public_id).order_by("-id")[:60]),
            "countdown": words.countdown(recovery),
            "days": words.days_in_words(recovery),
            "days_tone": words.tone(recovery),
            "state_tone": STATE_TONES.get(Recovery.State(recovery.state), ""),
            "money_words": words.money_in_words(recovery),
            "amounts": [
                (name, recovery.money(getattr(recovery, key)), "not known" if key == "expected" else "not yet")
                for name, key in AMOUNTS
            ],
            "to_claim": "" if wanted is None else text_of(wanted, recovery.currency),
            "to_come": self._to_come(),
            "today": timezone.now().astimezone(zone_of(recovery.order.shop)).date(),
            "carriers": Carrier.objects.all() if "name_carrier" in possible else [],
            "photos": Evidence.objects.filter(claim__recoveries=recovery, removed_at=None).distinct().count(),
        }

    def _to_come(self) -> str:
        recovery: Recovery = self.subject
        amount = recovery.approved if recovery.approved is not None else recovery.claimed
        return "" if amount is None else text_of(amount, recovery.currency)

    def file(self) -> str:
        amount, text = self._amount("amount"), self._text
        self._act(
            lambda recovery: filing.file(
                recovery, actor=self.actor, amount=amount, reference=text("reference"), note=text("note"),
                currency=text("currency").upper(), why=text("why"),
            )
        )  # fmt: skip
        return "Filed. The carrier acts next."

    def name_carrier(self) -> str:
        chosen = self._text("carrier")
        carrier = Carrier.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
        if carrier is None:
            raise Refused("Choose the carrier.")
        self._act(lambda recovery: reckoning.name_carrier(recovery, carrier, actor=self.actor))
        return f"Carried by {carrier}."

    def ask(self) -> str:
        self._act(lambda recovery: filing.carrier_asks(recovery, self._text("asked"), actor=self.actor))
        return "Noted. It waits for us."

    def inform(self) -> str:
        self._act(lambda recovery: filing.inform(recovery, self._text("note"), actor=self.actor))
        return "Noted. The carrier acts next."

    def approve(self) -> str:
        amount = self._amount("amount")
        self._act(lambda recovery: filing.approve(recovery, amount, actor=self.actor, why=self._text("why")))
        return "Approved. The money is yet to come."

    def deny(self) -> str:
        self._act(lambda recovery: filing.deny(recovery, self._text("why"), actor=self.actor))
        return "Denied. File it again, or a lead writes it off."

    def pay(self) -> str:
        amount, day = self._amount("amount"), self._text("paid_on")
        try:
            on = date.fromisoformat(day) if day else None
        except ValueError:
            raise Refused("Write the day as 2026-12-31.") from None
        self._act(lambda recovery: filing.pay(recovery, amount, actor=self.actor, on=on, why=self._text("why")))
        return "Paid. The case is closed."

    def write_off(self) -> str:
        self._act(lambda recovery: ending.write_off(recovery, self._text("why"), actor=self.actor))
        return "Written off."

    def pay_back(self) -> str:
        self._act(lambda recovery: ending.pay_back(recovery, self._text("why"), actor=self.actor))
        return "Noted: the money went back."

    def reopen(self) -> str:
        self._act(lambda recovery: ending.reopen(recovery, self._text("why"), actor=self.actor))
        return "Open again, with today's terms."

    def withdraw(self) -> str:
        self._act(lambda recovery: doubts.withdraw(recovery, self._text("why"), actor=self.actor))
        return "Withdrawn. Tell the carrier, if it was filed."

    def keep(self) -> str:
        self._act(lambda recovery: doubts.keep(recovery, self._text("why"), actor=self.actor))
        return "The case goes on."

    def archive(self) -> HttpResponseBase:
        return packet.archive(self.subject, by=self.actor.by)

    def page(self) -> HttpResponseBase:
        photos = Evidence.objects.filter(claim__recoveries=self.subject).values_list("pk", flat=True)
        pictures = {pk: reverse("admin:protection_evidence_picture", args=[pk]) for pk in photos}
        return packet.page(self.subject, by=self.actor.by, pictures=pictures)

    def _act(self, verb: Callable[[Recovery], Recovery]) -> None:
        """Run `verb` on the recovery as it was on the screen: the version is compared under the verb's own lock."""
        try:
            with transaction.atomic():
                recovery = locked(self.subject)
                if str(recovery.version) != self.request.POST.get("version"):
                    raise Refused("Someone changed this case while you were looking. Here is how it stands now.")
                verb(recovery)
        except RecoveryRefused as reason:
            raise Refused(str(reason)) from reason

    def _text(self, name: str) -> str:
        return self.request.POST.get(name, "").strip()

    def _amount(self, name: str) -> Decimal | None:
        return amount_typed(self._text(name))


def amount_typed(text: str) -> Decimal | None:
    """What somebody typed as an amount, None where nothing; raises Refused."""
    if not text:
        return None
    try:
        return Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except InvalidOperation:
        raise Refused("Write the amount as a number, such as 50.00.") from None
