"""Store credit and gift cards for a customer: neither has an idempotency key.

A gift card is made with a code of ours that follows from the change, so the shop refuses a second one; its note names
the change, for people and for the look-up. The code itself is kept nowhere: the shop mails it. Store credit can carry
no mark and cannot be looked up, so when an answer is lost nobody knows, and somebody must look: never credited twice.
"""

import base64
import hmac
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from integrations.models import Connection
from integrations.sent import Sent
from integrations.shopify import money_documents
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.pushes.asking import BY, Refused, Unknown, ask
from orders.changes import carrying
from orders.models import Change

LOOK_BACK = timedelta(minutes=10)  # for clocks that differ


def push_credit(connection: Connection, change: Change) -> Sent:
    """Credit the customer once; raises Unknown when an earlier try's answer was lost."""
    if change.started_at is not None:
        raise Unknown(
            "Its answer was lost, and the shop has no way to tell whether the credit was given. Look at the customer's"
            " store credit: if it is there, give this change up, otherwise ask again."
        )
    wanted = change.wanted
    amount = {"amount": wanted["amount"], "currencyCode": wanted["currency"]}
    variables = {
        "id": gid("Customer", int(wanted["customer"])),
        "creditInput": {"creditAmount": amount, "notify": wanted["notify"]},
    }
    made = ask(connection, change, money_documents.STORE_CREDIT, variables)["storeCreditAccountTransaction"]
    carrying.done(change, by=BY, source=connection.public_id, transaction=str(number_of(made["id"])))
    return Sent(f"Credited {wanted['amount']} {wanted['currency']}", 200)


def push_card(connection: Connection, change: Change) -> Sent:
    """Make the gift card once."""
    card = _find(connection, change) if change.started_at else None
    if card is None:
        try:
            card = ask(connection, change, money_documents.GIFT_CARD, {"input": _card(change)})["giftCard"]
        except Refused as refusal:
            if "TAKEN" not in {error.get("code") for error in refusal.errors}:
                raise
            card = _find(connection, change) or {"id": "/0", "lastCharacters": code_of(change)[-4:]}
    ids = {"gift_card": str(number_of(card["id"])), "last_characters": card["lastCharacters"]}
    carrying.done(change, by=BY, source=connection.public_id, **ids)
    return Sent(f"Gift card …{card['lastCharacters']}", 200)


def code_of(change: Change) -> str:
    """16 letters and digits, the same at every try; who reads the database alone cannot tell them."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"gift card {change.uuid}".encode(), "sha256")
    return base64.b32encode(digest)[:16].decode().lower()


def _card(change: Change) -> dict[str, object]:
    wanted = change.wanted
    return {
        "initialAmount": {"amount": wanted["amount"], "currencyCode": wanted["currency"]},
        "customerId": gid("Customer", int(wanted["customer"])),
        "note": f"{wanted['note']} ({change.public_id})".strip(),
        "code": code_of(change),
    }


def _find(connection: Connection, change: Change) -> dict[str, str] | None:
    since = (change.started_at or timezone.now()) - LOOK_BACK
    query = {"q": f"created_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'"}
    nodes: list[dict[str, str]] = Shopify(connection).run(money_documents.GIFT_CARDS, query)["giftCards"]["nodes"]
    return next((node for node in nodes if change.public_id in (node["note"] or "")), None)
