"""Doubts about an order: how risky it looks, and disputes the customer's bank opens and decides."""

import sqlite3
from decimal import Decimal
from typing import Any

from sandbox import clock, kept_orders, records
from sandbox.announcing import Announcement
from sandbox.connections import page_of_list
from sandbox.money import in_graphql, in_webhooks
from sandbox.money_fields import RECOMMENDATIONS
from sandbox.order_documents import gid
from sandbox.placing import Impossible
from sandbox.store import Store

Document = dict[str, Any]

DISPUTE = "dispute"
OPEN = ("needs_response", "under_review")
STATES = (*OPEN, "accepted", "charge_refunded", "lost", "prevented", "won")
REASONS = (
    "fraudulent", "product_not_received", "product_unacceptable", "credit_not_processed", "duplicate", "general",
    "subscription_cancelled", "unrecognized",
)  # fmt: skip
DAYS_TO_ANSWER = 10


def set_risk(store: Store, order_id: int, level: str) -> None:
    """Assess an order anew: low, medium, high, none or pending."""
    if level not in RECOMMENDATIONS:
        raise Impossible(f"{level} is not a level of risk; known are {', '.join(RECOMMENDATIONS)}")
    with kept_orders.changing(store, order_id) as (writing, order):
        order["risk"] = level
        announcement = Announcement(writing, order["shop"], order_id)
        announcement.add("orders/risk_assessment_changed", lambda: risk_body(order))
        announcement.order(order, "orders/updated")


def press(
    store: Store,
    order_id: int,
    *,
    status: str,
    reason: str = "product_not_received",
    kind: str = "chargeback",
    amount: Decimal | None = None,
) -> Document:
    """Open a dispute of the order, or move its open one on; returns the dispute."""
    if status not in STATES or reason not in REASONS:
        raise Impossible(f"status is one of {', '.join(STATES)}; reason one of {', '.join(REASONS)}")
    with kept_orders.changing(store, order_id) as (writing, order):
        known = of_order(writing.connection, order)
        dispute = next((one for one in known if one["status"] in OPEN), None)
        if dispute is None and status not in OPEN:
            raise Impossible("The order has no open dispute")
        announcement = Announcement(writing, order["shop"], order_id)
        if dispute is None:
            paid = sum((Decimal(one["amount"]["presentment"]) for one in order["transactions"][:1]), Decimal(0))
            dispute = {
                "id": writing.new_id(),
                "order_id": order_id,
                "type": kind,
                "amount": str(amount if amount is not None else paid),
                "currency": order["presentment_currency"],
                "reason": reason,
                "network_reason_code": "4837" if reason == "fraudulent" else "4853",
                "initiated_at": order["updated_at"],
                "evidence_due_by": clock.after(order["updated_at"], days=DAYS_TO_ANSWER),
            }
            topic = "disputes/create"
        else:
            topic = "disputes/update"
        closed = status not in OPEN
        dispute |= {
            "status": status,
            "finalized_on": order["updated_at"] if closed else None,
            "evidence_sent_on": dispute.get("evidence_sent_on")
            or (order["updated_at"] if status == "under_review" else None),
        }
        records.keep(writing, order["shop"], DISPUTE, dispute)
        announcement.add(topic, lambda: dispute_body(dispute))
        announcement.order(order, "orders/updated")
    return dispute


def of_order(connection: sqlite3.Connection, order: Document) -> list[Document]:
    """The disputes of one order, oldest first."""
    return [one for one in records.every(connection, order["shop"], DISPUTE) if one["order_id"] == order["id"]]


def summary_fields(dispute: Document) -> Document:
    """The fields of ``OrderDisputeSummary``."""
    return {
        "id": gid("ShopifyPaymentsDispute", dispute["id"]),
        "initiatedAs": dispute["type"].upper(),
        "status": dispute["status"].upper(),
    }


def dispute_fields(dispute: Document, order: Any) -> Document:
    """The fields of ``ShopifyPaymentsDispute``; ``order`` resolves the order."""
    return {
        "id": gid("ShopifyPaymentsDispute", dispute["id"]),
        "legacyResourceId": str(dispute["id"]),
        "type": dispute["type"].upper(),
        "status": dispute["status"].upper(),
        "amount": {
            "amount": in_graphql(Decimal(dispute["amount"]), dispute["currency"]),
            "currencyCode": dispute["currency"],
        },
        "reasonDetails": {
            "reason": dispute["reason"].upper(),
            "networkReasonCode": dispute["network_reason_code"],
        },
        "initiatedAt": clock.in_graphql(dispute["initiated_at"]),
        "evidenceDueBy": clock.in_graphql(dispute["evidence_due_by"]),
        "evidenceSentOn": clock.in_graphql(dispute["evidence_sent_on"]),
        "finalizedOn": clock.in_graphql(dispute["finalized_on"]),
        "order": order,
    }


def dispute_body(dispute: Document) -> Document:
    """``disputes/create`` and ``disputes/update``."""
    return {
        "id": dispute["id"],
        "order_id": dispute["order_id"],
        "type": dispute["type"],
        "amount": in_webhooks(Decimal(dispute["amount"]), dispute["currency"]),
        "currency": dispute["currency"],
        "reason": dispute["reason"],
        "network_reason_code": dispute["network_reason_code"],
        "status": dispute["status"],
        "evidence_due_by": clock.in_webhooks(dispute["evidence_due_by"]),
        "evidence_sent_on": clock.in_webhooks(dispute["evidence_sent_on"]),
        "finalized_on": clock.in_webhooks(dispute["finalized_on"]),
        "initiated_at": clock.in_webhooks(dispute["initiated_at"]),
    }


def risk_body(order: Document) -> Document:
    """``orders/risk_assessment_changed``."""
    return {
        "order_id": order["id"],
        "admin_graphql_api_order_id": gid("Order", order["id"]),
        "provider_id": None,
        "provider_title": None,
        "risk_level": order["risk"],
        "created_at": clock.in_webhooks(order["updated_at"]),
    }


def page(connection: sqlite3.Connection, shop: str, order: Any, **asked: Any) -> Document:
    """All disputes of a shop; ``order`` makes the resolver of a dispute's order from its gid."""
    every = [
        (one["id"], dispute_fields(one, lambda info, one=one: order(gid("Order", one["order_id"]))))
        for one in records.every(connection, shop, DISPUTE)
    ]
    return page_of_list(every, **asked)
