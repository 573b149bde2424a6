"""``orderCancel`` and the job it starts: checked at once, done a moment later."""

from collections.abc import Callable
from typing import Any

from sandbox import giving_back, kept_orders
from sandbox.order_documents import number_of
from sandbox.placing import Impossible
from sandbox.program import running
from sandbox.queries import Queries
from sandbox.shops import Shop
from sandbox.store import Store

Document = dict[str, Any]

LONGEST_STAFF_NOTE = 255


def mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """The field of ``Mutation``."""

    def cancel(
        info: Any,
        orderId: str,
        reason: str,
        restock: bool,
        refundMethod: Document | None = None,
        staffNote: str | None = None,
        **_: Any,
    ) -> Document:
        if staffNote and len(staffNote) > LONGEST_STAFF_NOTE:
            text = f"Staff note is too long. Maximum length is {LONGEST_STAFF_NOTE} characters."
            return _refused(["staffNote"], text, "INVALID")
        order = kept_orders.load(queries.connection, number_of(orderId))
        if order is None or order["shop"] != shop.domain:
            return _refused(["orderId"], "Order does not exist", "NOT_FOUND")
        try:
            giving_back.check_cancellable(order)
        except Impossible as problem:
            return _refused(["orderId"], str(problem), "INVALID")
        job = running().jobs.cancel_order(
            order,
            reason=reason.lower(),
            restock=restock,
            pay_back=bool((refundMethod or {}).get("originalPaymentMethodsRefund")),
            staff_note=staffNote,
        )
        shown = {"id": job.gid, "done": job.done}
        result = {**shown, "status": job.status, "errors": [], "order": lambda info: queries.order(orderId)}
        return {"job": shown, "jobResult": result, "orderCancelUserErrors": []}

    return {"orderCancel": cancel}


def _refused(field: list[str], message: str, code: str) -> Document:
    return {"job": None, "orderCancelUserErrors": [{"field": field, "message": message, "code": code}]}
