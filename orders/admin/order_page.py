"""The order page: money, items, parcels, refunds, story, and what the floors above add."""

from typing import Any

from backoffice.console.pages import ConsolePage
from backoffice.console.panels import gathered, panels
from orders.admin.order_facts import address_lines, line_rows, money_rows, refund_rows
from orders.admin.parcels import parcels
from orders.admin.story import story
from orders.models import Order, UnitUse

STORY_LENGTH = 100


class OrderPage(ConsolePage):
    """To read only: an order changes at the shop, and what happens to it here happens on its claims."""

    template_name = "orders/order.html"

    def load(self, pk: int) -> Order | None:
        return Order.objects.select_related("shop", "customer").filter(pk=pk).first()

    def context(self) -> dict[str, Any]:
        order: Order = self.subject
        lines = list(order.lines.all())
        uses = UnitUse.objects.filter(line__order=order, released_at=None)
        return {
            "title": f"Order {order}",
            "order": order,
            "address": address_lines(order.shipping_address),
            "billing": address_lines(order.billing_address),
            "money": money_rows(order),
            "rows": line_rows(lines, uses, gathered("units", order)),
            "parcels": parcels(order.fulfillments.order_by("remote_created_at", "id").prefetch_related("scans"), lines),
            "refunds": refund_rows(order.refunds.order_by("-id"), lines),
            "story": story(order.journal.order_by("-id")[:STORY_LENGTH]),
            "panels": panels("order", self.request, order) + panels("case", self.request, order),
        }
