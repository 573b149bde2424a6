"""The page of an incident: what was found, its claims, whom it may still reach, and one decision for all of them."""

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.utils import timezone

from backoffice.console.pages import ConsolePage, Refused
from protection.incidents import bulk, recovering, ruling, telling
from protection.incidents.at_risk import orders_at_risk
from protection.incidents.chart import chart
from protection.incidents.ruling import IncidentRefused
from protection.models import BulkDecision, BulkLine, Decision, Incident
from protection.recovery.actors import RecoveryRefused

CHANGE = bulk.RIGHT
SHOWN = 200  # claims
AT_RISK = 25
FIRST_SECONDS = 4.0  # of a bulk decision, while its author waits; the clock does the rest


class IncidentPage(ConsolePage):
    """Agents see it; leads confirm and decide. A bulk decision is drafted first, and begun from what the draft says."""

    template_name = "protection/incident.html"
    verbs: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("confirm", "dismiss", "close", "explain", "announce", "draft", "begin"), CHANGE),
        "file": "protection.change_recovery",
    }

    def load(self, pk: int) -> Incident | None:
        incidents = Incident.objects.select_related("shop", "owner", "confirmed_by", "ended_by", "noticed_by")
        return incidents.filter(pk=pk).first()

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def context(self) -> dict[str, Any]:
        incident: Incident = self.subject
        members = incident.members.select_related("claim__order", "claim__assignee").order_by("-pk")
        states = (BulkDecision.State.DRAFT, BulkDecision.State.RUNNING, BulkDecision.State.DONE)
        latest = incident.bulks.filter(state__in=states).select_related("made_by").order_by("-pk").first()
        risk = list(
            orders_at_risk(incident).only("pk", "name", "remote_created_at", "total", "currency")[: AT_RISK + 1]
        )
        return {
            "title": f"Incident: {incident}",
            "incident": incident,
            "chart": chart(incident, timezone.now().date()),
            "members": list(members[:SHOWN]),
            "shown": SHOWN,
            "bulk": latest,
            **(_lines(latest, incident.shop.currency) if latest else {}),
            "risk": risk[:AT_RISK],
            "risk_more": len(risk) > AT_RISK,
            "remedies": {remedy.value: remedy.label for remedy in bulk.REMEDIES},
            "to_file": recovering.to_file(incident).count(),
            "staff": self._staff() if self.user.has_perm(CHANGE) else [],
            "state": Incident.State,
            "draft_state": BulkDecision.State,
        }

    def _staff(self) -> list[User]:
        return list(User.objects.filter(is_staff=True, is_active=True).order_by("username")[:200])

    def confirm(self) -> str:
        self._try(lambda: ruling.confirm(self.subject, user=self.user))
        return "Confirmed. Its claims can be decided together."

    def dismiss(self) -> str:
        why = self.request.POST.get("why", "")
        self._try(lambda: ruling.dismiss(self.subject, why, user=self.user))
        return "Dismissed. Its claims are decided one by one."

    def close(self) -> str:
        self._try(lambda: ruling.close(self.subject, user=self.user))
        return "Closed."

    def explain(self) -> str:
        chosen = self.request.POST.get("owner", "")
        is_key = chosen.isascii() and chosen.isdigit() and len(chosen) <= 18
        owner = User.objects.filter(pk=int(chosen)).first() if is_key else None
        cause = self.request.POST.get("cause", "")
        self._try(lambda: ruling.explain(self.subject, cause, owner, user=self.user))
        return "Noted."

    def announce(self) -> str:
        text = self.request.POST.get("text", "")
        self._try(lambda: telling.announce(self.subject, text, user=self.user))
        tried = telling.carry_on(self.subject, most=20)
        return f"{tried} of {self.subject.count} customers are written to; the others within minutes."

    def draft(self) -> str:
        posted = self.request.POST
        self._try(
            lambda: bulk.draft(
                self.subject, posted.get("remedy", ""), user=self.user, note=posted.get("note", ""),
                despite_stock="despite_stock" in posted,
            )
        )  # fmt: skip
        return "Nothing is decided yet: look through it, then press Decide."

    def begin(self) -> str:
        asked = self.request.POST.get("bulk", "")
        drafted = self.subject.bulks.filter(public_id=asked.replace("\x00", "")).first()
        if drafted is None:
            raise Refused("This draft is gone; look at a new one.")
        begun = self._try(lambda: bulk.begin(drafted, user=self.user))
        over = bulk.carry_on(begun, FIRST_SECONDS)
        return "Done." if over else "Begun. The worker does the rest; this page shows how far it is."

    def file(self) -> str:
        try:
            filed = recovering.file_all(self.subject, self.request.POST.get("reference", ""), user=self.user)
        except RecoveryRefused as refusal:
            raise Refused(str(refusal)) from refusal
        if not filed.done:
            why = "; ".join(sorted({words for _, words in filed.refused})[:3])
            raise Refused(f"None was filed. {why}".strip())
        left = f"; {len(filed.refused)} not: {filed.refused[0][1]}" if filed.refused else ""
        return f"{filed.done} filed with the carrier{left}."

    def _try(self, act: Any) -> Any:
        try:
            return act()
        except IncidentRefused as refusal:
            raise Refused(str(refusal)) from refusal


def _lines(latest: BulkDecision, currency: str) -> dict[str, Any]:
    """The latest bulk decision's lines, and what they come to."""
    lines = list(latest.lines.select_related("claim__order"))
    counts = {state: sum(line.state == state for line in lines) for state in BulkLine.State.values}
    to_do = [line for line in lines if line.state in BulkLine.TO_DO]
    given = (BulkLine.State.DECIDE, BulkLine.State.DECIDED)
    return {
        "lines": lines,
        "counts": [(BulkLine.State(state).label, number) for state, number in counts.items() if number],
        "left": len(to_do),
        "can": len(lines) - counts[BulkLine.State.CANNOT],
        "ready": len(lines) - counts[BulkLine.State.CANNOT] - len(to_do),
        "sum_decided": bulk.worth(lines, currency, given),
        "sum_proposed": bulk.worth(lines, currency, (BulkLine.State.PROPOSE, BulkLine.State.PROPOSED)),
        "remedy_words": Decision.Remedy(latest.remedy).label if latest.remedy else "what each customer asked for",
    }
