"""Money given back and marked as received: ``refundCreate``, ``orderMarkAsPaid``."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import idempotency, kept_orders, refunding
from sandbox.announcing import Announcement
from sandbox.order_documents import gid, number_of, pay_in_full
from sandbox.placing import Impossible
from sandbox.program import running
from sandbox.queries import Queries
from sandbox.refund_requests import UserError, refusal, wish_of
from sandbox.shops import Shop
from sandbox.store import Store, Writing
from sandbox.store_credit import Refused, credit_refund
from sandbox.totals import totals

Document = dict[str, Any]


def money_mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field."""

    def refund(info: GraphQLResolveInfo, input: Document) -> Document:
        key = idempotency.key_of(info)
        errors: list[Document] = []
        made: Document | None = None
        try:
            with store.write() as writing:
                outcome = idempotency.once(
                    writing, shop.domain, "refundCreate", key, input, lambda: _refund(writing, shop, input)
                )
            made = queries.refund(gid("Refund", outcome["refund_id"]))
        except UserError as problem:
            errors = [problem.shown]
        except Refused as problem:
            errors = [{name: problem.shown[name] for name in ("field", "message")}]
        except (Impossible, idempotency.Mismatch) as problem:
            errors = [(refusal(problem) if isinstance(problem, Impossible) else UserError(None, str(problem))).shown]
        return {"refund": made, "order": queries.order(input["orderId"]), "userErrors": errors}

    def mark_as_paid(info: GraphQLResolveInfo, input: Document) -> Document:
        try:
            with store.write() as writing:
                _mark_as_paid(writing, shop, input["id"])
        except UserError as problem:
            return {"order": queries.order(input["id"]), "userErrors": [problem.shown]}
        return {"order": queries.order(input["id"]), "userErrors": []}

    return {"refundCreate": refund, "orderMarkAsPaid": mark_as_paid}


def _refund(writing: Writing, shop: Shop, given: Document) -> Document:
    with kept_orders.within(writing, _known(writing, shop, given["orderId"], ["orderId"])) as order:
        status = running().faults.settings.refund_status
        wish = wish_of(order, given, status)
        made = refunding.make(writing, order, wish)
        credit_refund(writing, order, given.get("refundMethods") or [])
        announcement = Announcement(writing, shop.domain, order["id"])
        refunding.announce(announcement, made, order)
        announcement.order(order, "orders/updated")
    return {"refund_id": made["id"]}


def _mark_as_paid(writing: Writing, shop: Shop, order_gid: str) -> None:
    with kept_orders.within(writing, _known(writing, shop, order_gid, ["id"])) as order:
        before = len(order["transactions"])
        if order["cancelled_at"] or totals(order).outstanding.shop <= 0:
            raise UserError(["id"], "Order cannot be marked as paid.")
        pay_in_full(writing, order, gateway="manual")
        announcement = Announcement(writing, shop.domain, order["id"])
        refunding.announce_transactions(announcement, order, [one["id"] for one in order["transactions"][before:]])
        announcement.order(order, "orders/paid", "orders/updated")


def _known(writing: Writing, shop: Shop, order_gid: str, field: list[str]) -> int:
    order = kept_orders.load(writing.connection, number_of(order_gid))
    if order is None or order["shop"] != shop.domain:
        raise UserError(field, "Order does not exist")
    return int(order["id"])
