"""The order page: money, items, parcels, refunds, changes, story, and what the floors above add."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects

from backoffice.console.pages import ConsolePage, Refused
from backoffice.console.panels import gathered, panels
from orders import changes
from orders.admin.asks import CHANGE, permission_of
from orders.admin.change_box import change_rows
from orders.admin.order_facts import address_lines, line_rows, money_rows, refund_rows, with_stock
from orders.admin.order_parts import payment_rows, return_rows, to_send
from orders.admin.parcels import parcels
from orders.admin.story import story
from orders.changes import ChangeRefused
from orders.models import Change, Order, UnitUse

STORY_LENGTH = 100


class OrderPage(ConsolePage):
    """An order changes at the shop. Here it is read, and decided what becomes of what the shop was asked to change."""

    template_name = "orders/order.html"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("withdraw", "again", "keep_ours", "keep_theirs"), CHANGE)

    def withdraw(self) -> str:
        self._decide(changes.withdraw)
        return "Given up."

    def again(self) -> str:
        self._decide(changes.ask_again)
        return "The shop is asked again."

    def keep_ours(self) -> str:
        left = self._decide(changes.keep_ours, fields=self._fields())
        return "Decided; other fields still wait for you." if left.theirs else "The shop is asked for our value."

    def keep_theirs(self) -> str:
        left = self._decide(changes.keep_theirs, fields=self._fields())
        return "Decided; other fields still wait for you." if left.theirs else "The shop's value stays."

    def _decide(self, verb: Callable[..., Change], **given: Any) -> Change:
        pk = self.request.POST.get("change", "")
        change = self.subject.changes.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None
        if change is None:
            raise Refused("There is no such change of this order.")
        if not self.request.user.has_perm(permission_of(change.kind)):
            raise PermissionDenied
        try:
            return verb(change, by=f"staff:{self.request.user.get_username()}", **given)
        except ChangeRefused as refusal:
            raise Refused(str(refusal)) from refusal

    def _fields(self) -> list[str] | None:
        name = self.request.POST.get("field")
        return [name] if name else None

    def load(self, pk: int) -> Order | None:
        return Order.objects.select_related("shop", "customer").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        order: Order = self.subject
        prefetch_related_objects([order], "lines")  # several boxes name them
        lines = list(order.lines.all())
        has_returns = order.return_status not in ("", "no_return")  # returns come with it, or not at all
        uses = UnitUse.objects.filter(line__order=order, released_at=None)
        # Nothing of a cancelled order is sent, though the news of its work may still be on its way.
        work = order.fulfillment_orders.order_by("remote_created_at", "id")
        if order.cancelled_at:
            work = work.none()
        return {
            "title": f"Order {order}",
            "order": order,
            "address": address_lines(order.shipping_address),
            "billing": address_lines(order.billing_address),
            "money": money_rows(order),
            "rows": with_stock(line_rows(lines, uses, gathered("units", order)), order.shop),
            "parcels": parcels(order.fulfillments.order_by("remote_created_at", "id").prefetch_related("scans"), lines),
            "to_send": []
            if order.cancelled_at
            else to_send(order.fulfillment_orders.order_by("remote_created_at", "id"), lines),
            "payments": payment_rows(order.payments.order_by("id")),
            "returns": return_rows(order.returns.order_by("-id") if has_returns else [], lines),
            "changes": change_rows(order, self.request.user.has_perm),
            "may_decide": self.request.user.has_perm(CHANGE),
            "refunds": refund_rows(order.refunds.order_by("-id"), lines),
            "story": story(order.journal.order_by("-id")[:STORY_LENGTH]),
            "panels": panels("order", self.request, order) + panels("case", self.request, order),
        }
