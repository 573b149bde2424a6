"""Filing a claim for a customer who called or wrote."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.http import HttpRequest
from django.urls import reverse

from backoffice.console.pages import ConsolePage, Refused
from orders.admin.order_facts import LineRow, line_rows
from orders.models import Order, UnitUse
from protection.eligibility import ClaimRefused, ItemAsked, check_order, promise_for
from protection.filing import file_claim
from protection.models import Claim, ClaimUnit, Coverage

ADD = "protection.add_claim"
OVERRIDABLE = ("not_covered", "too_late")  # what staff may accept all the same, with a reason


class FileClaimPage(ConsolePage):
    """Which items, why, and (when the rules would refuse) the reason to accept it all the same, which is recorded."""

    template_name = "protection/file_claim.html"
    verbs: ClassVar[dict[str, str]] = {"file": ADD}
    filed: Claim | None = None
    refused: ClaimRefused | None = None

    def may_see(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ADD)

    def load(self, pk: int) -> Order | None:
        return Order.objects.select_related("shop", "customer", "coverage__plan_version").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        order: Order = self.subject
        coverage = _coverage(order)
        pointer = self.refused.pointer if self.refused else ""
        return {
            "title": f"File a claim on {order}",
            "order": order,
            "rows": self._rows(coverage),
            "reasons": Claim.Reason.choices,
            "not_covered": _why_refused(order) or (str(self.refused) if self._is_late() else ""),
            "at_item": self._item_at(pointer),
            "at_override": bool(self.refused and self.refused.code in OVERRIDABLE),
        }

    def file(self) -> str:
        typed, order = self.request.POST, self.subject
        if typed.get("reason") not in Claim.Reason.values:
            raise Refused("Choose what happened.")
        asked = [ItemAsked(line, quantity) for line, quantity in self._asked()]
        override = typed.get("override_reason", "").strip()
        file = partial(
            file_claim, order, reason=typed["reason"], items=asked, by=f"staff:{self.request.user.get_username()}",
            description=typed.get("description", "").strip(),
        )  # fmt: skip
        try:
            self.filed = file()
        except ClaimRefused as reason:
            self.refused = reason
            if reason.code not in OVERRIDABLE or not override:
                raise Refused(str(reason)) from reason
            self.filed = self._in_spite_of_the_rules(file, override)
        if self.filed.state == Claim.State.WAITING and self.filed.eligible_at:
            return f"The claim is filed. It is early: it waits until {self.filed.eligible_at:%-d %b %Y}."
        return "The claim is filed and in review."

    def next_url(self) -> str:
        assert self.filed is not None
        return reverse("admin:protection_claim_change", args=[self.filed.pk])

    def _in_spite_of_the_rules(self, file: Callable[..., Claim], why: str) -> Claim:
        try:
            return file(override_reason=why)
        except ClaimRefused as reason:
            self.refused = reason
            raise Refused(str(reason)) from reason

    def _is_late(self) -> bool:
        return bool(self.refused and self.refused.code == "too_late")

    def _asked(self) -> list[tuple[Any, int]]:
        """(line, quantity) for every quantity typed; nothing and 0 mean "not this one"."""
        wanted = []
        for line in self.subject.lines.all():
            text = self.request.POST.get(f"quantity-{line.pk}", "").strip() or "0"
            if not text.isdecimal():
                raise Refused(f"{line}: write how many units as a number.")
            if int(text):
                wanted.append((line, int(text)))
        return wanted

    def _item_at(self, pointer: str) -> int | None:
        """The line a refusal is about; its pointer counts the items asked, /items/0 being the first."""
        parts = pointer.split("/")
        if len(parts) < 3 or parts[1] != "items":
            return None
        return int(self._asked()[int(parts[2])][0].pk)

    def _rows(self, coverage: Coverage | None) -> list[LineRow]:
        order: Order = self.subject
        claimed = dict.fromkeys(
            ClaimUnit.objects.filter(line__order=order, open=True).values_list("line_id", "unit"), "other_claim"
        )
        lines = list(order.lines.all())
        uses = UnitUse.objects.filter(line__order=order, released_at=None)
        rows = line_rows(lines, uses, claimed)
        fees = coverage.fee_lines if coverage else []
        for row in rows:
            free = sum(1 for box in row.units if box.state == "free")
            row.extra["free"] = free
            row.extra["why_not"] = _why_not(row, fees, free)
            row.extra["typed"] = self.request.POST.get(f"quantity-{row.line.pk}", "")
        return rows


def _why_not(row: LineRow, fee_lines: list[int], free: int) -> str:
    """Why this line cannot be claimed, in words; empty when it can. The verb decides again when the form comes in."""
    line = row.line
    if line.remote_id in fee_lines:
        return "the fee for the guarantee itself"
    if line.tip:
        return "a tip"
    if line.gift_card:
        return "a gift card, not shipped"
    return "" if free else f"nothing left: {row.units_in_words}"


def _coverage(order: Order) -> Coverage | None:
    coverage: Coverage | None = getattr(order, "coverage", None)
    return coverage


def _why_refused(order: Order) -> str:
    """The sentence with which the rules refuse this order, empty when it is covered."""
    try:
        check_order(order, promise_for(order))
    except ClaimRefused as reason:
        return str(reason)
    return ""
