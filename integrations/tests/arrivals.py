"""What tests of the way in share: messages as the stand-in would send them, and what became of them."""

import json
from typing import Any

from integrations import inbox
from integrations.models import Connection, InboundMessage
from integrations.shopify.arriving import read_and_apply
from integrations.shopify.client import Shopify
from integrations.shopify.translate import parse
from integrations.tests.shopify import post
from orders.models import Order
from sandbox.tests.running import Sandbox


def body_of(sandbox: Sandbox, order_id: int) -> dict[str, Any]:
    """The body of the order's messages as it is now, as it is sent."""
    return dict(sandbox.get(f"/sandbox/orders/{order_id}.json")["order"])


def parsed(body: dict[str, Any]) -> dict[str, Any]:
    """A body as handlers see it, with exact decimals."""
    return parse(json.dumps(body).encode())


def receive(connection: Connection, topic: str, body: dict[str, Any]) -> InboundMessage:
    """Deliver a message and handle all that are due; the message, with what became of it."""
    assert post(connection, topic, body).status_code == 200
    message = InboundMessage.objects.latest("id")
    inbox.drain()
    message.refresh_from_db()
    return message


def read_in(connection: Connection, order_id: int) -> Order:
    """Our order after it was read whole."""
    outcome = read_and_apply(connection, order_id)
    assert outcome is not None
    return outcome.order


def work_body(order: Order) -> dict[str, Any]:
    """A message about fulfillment orders: it names one of them by its gid, and nothing else."""
    work = order.fulfillment_orders.order_by("id").first()
    assert work is not None
    return {"fulfillment_order": {"id": f"gid://shopify/FulfillmentOrder/{work.remote_id}", "status": "open"}}


class Counting(Shopify):
    """The way to the shop that counts what was asked; `meanwhile` is done after the answer of this number."""

    def __init__(self, connection: Connection, meanwhile: Any = None, *, after: int = 1) -> None:
        super().__init__(connection)
        self.asked: list[str] = []
        self.meanwhile = meanwhile
        self.after = after

    def _payload(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(document.split("(")[0].split()[-1])
        payload = super()._payload(document, variables)
        if (act := self.meanwhile) and len(self.asked) == self.after:
            self.meanwhile = None
            act()
        return payload
