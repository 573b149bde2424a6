"""The changes of returns the Admin API takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox import kept_orders, refunding, returns
from sandbox.announcing import Announcement
from sandbox.order_documents import number_of
from sandbox.placing import Impossible
from sandbox.program import running
from sandbox.queries import Queries
from sandbox.refund_requests import UserError, amount_of, duty_lines
from sandbox.refunding import Payment, Units, Wish
from sandbox.return_queries import shown_return
from sandbox.returns import Refused
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]


def return_mutations(store: Store, shop: Shop, queries: Queries) -> dict[str, Callable[..., Document]]:
    """Resolvers by the name of the field."""

    def answer(change: Callable[[], int], *prefix: str) -> Document:
        """The payload of a change that returns the id of the return."""
        try:
            number = change()
        except Refused as refusal:
            field = [*prefix, *refusal.field] if refusal.field is not None else None
            return {"return": None, "userErrors": [_error(field, str(refusal), refusal.code)]}
        except (Impossible, kept_orders.NoSuchOrder) as problem:
            return {"return": None, "userErrors": [_error(None, str(problem), "INVALID")]}
        except UserError as problem:
            return {"return": None, "userErrors": [{**problem.shown, "code": "INVALID"}]}
        return {"return": shown_return(queries.connection, shop, number), "userErrors": []}

    def create(given: Document, *, requested: bool) -> int:
        number = number_of(given["orderId"])
        with store.write() as writing:
            order = kept_orders.load(writing.connection, number)
            if order is None or order["shop"] != shop.domain:
                raise Refused(["orderId"], "Order does not exist", "NOT_FOUND")
            with kept_orders.within(writing, order["id"]) as order:
                made = returns.open_return(writing, order, given["returnLineItems"], requested=requested)
        return int(made["id"])

    def changed(gid: str, change: Callable[[Writing, Document, Document], None]) -> int:
        with store.write() as writing, _one(writing, shop, gid) as (order, one):
            change(writing, order, one)
        return int(one["id"])

    def moved(info: GraphQLResolveInfo, id: str, way: str) -> Document:
        return answer(lambda: changed(id, lambda writing, order, one: returns.move(writing, order, one, way)))

    return {
        "returnCreate": lambda info, returnInput: answer(lambda: create(returnInput, requested=False), "returnInput"),
        "returnRequest": lambda info, input: answer(lambda: create(input, requested=True), "input"),
        "returnApproveRequest": lambda info, input: answer(lambda: changed(input["id"], returns.approve), "input"),
        "returnDeclineRequest": lambda info, input: answer(
            lambda: changed(
                input["id"],
                lambda writing, order, one: returns.decline(
                    writing, order, one, input["declineReason"].lower(), input.get("declineNote")
                ),
            ),
            "input",
        ),
        "returnProcess": lambda info, input: answer(
            lambda: changed(input["returnId"], lambda writing, order, one: _process(writing, order, one, input)),
            "input",
        ),
        "removeFromReturn": lambda info, returnId, returnLineItems=None: answer(
            lambda: changed(
                returnId,
                lambda writing, order, one: returns.remove_units(
                    writing,
                    order,
                    one,
                    [(number_of(two["returnLineItemId"]) or 0, two["quantity"]) for two in returnLineItems or []],
                ),
            )
        ),
        "returnClose": lambda info, id: moved(info, id, "closed"),
        "returnCancel": lambda info, id, notifyCustomer=False: moved(info, id, "canceled"),
        "returnReopen": lambda info, id: moved(info, id, "reopened"),
    }


@contextmanager
def _one(writing: Writing, shop: Shop, gid: str) -> Iterator[tuple[Document, Document]]:
    number = number_of(gid)
    order = kept_orders.with_part(writing.connection, number)
    known = order is not None and order["shop"] == shop.domain
    if order is None or not known or not any(one["id"] == number for one in order.get("returns", ())):
        raise Refused(["id"], "Return does not exist.", "NOT_FOUND")
    with kept_orders.within(writing, order["id"]) as order:
        yield order, next(one for one in order["returns"] if one["id"] == number)


def _process(writing: Writing, order: Document, one: Document, given: Document) -> None:
    wanted = []
    for line in given.get("returnLineItems") or []:
        kinds = [disposed["dispositionType"] for disposed in line.get("dispositions") or []]
        wanted.append((number_of(line["id"]) or 0, line["quantity"], "RESTOCKED" in kinds))
    returns.process(writing, order, one, wanted)
    refund = (given.get("financialTransfer") or {}).get("issueRefund")
    if refund is not None:
        _pay_back(writing, order, one, wanted, given, refund)


def _pay_back(
    writing: Writing,
    order: Document,
    one: Document,
    wanted: list[tuple[int, int, bool]],
    given: Document,
    refund: Document,
) -> None:
    """The refund that goes with taking goods in; what it pays is given, what it is for are the goods."""
    lines = {line["id"]: line for line in one["lines"]}
    sales = {sale["id"]: sale for sale in order["transactions"]}
    payments = []
    for position, paid in enumerate(refund["orderTransactions"]):
        sale = sales.get(number_of(paid["parentId"]) or 0)
        if sale is None:
            path = ["financialTransfer", "issueRefund", "orderTransactions", str(position), "parentId"]
            raise Refused(path, "Parent transaction does not exist", "NOT_FOUND")
        amount = amount_of(paid["transactionAmount"]["amount"], ["financialTransfer"])
        if amount <= 0:
            raise Refused(["financialTransfer"], "Amount must be greater than 0")
        payments.append(
            Payment(
                refunding.in_shop_money(amount, sale, order),
                sale["gateway"],
                sale["id"],
                running().faults.settings.refund_status,
            )
        )
    left = refunding.left_to_refund(order).presentment
    if sum(payment.amount.presentment for payment in payments) > left and not refund.get("allowOverRefunding"):
        raise Refused(["financialTransfer"], f"Refund amount is greater than net payment received {left}")
    shipping = given.get("refundShipping") or {}
    wish = Wish(
        units=[
            Units(lines[number]["line_id"], quantity, "return" if restock else "no_restock")
            for number, quantity, restock in wanted
        ],
        shipping=refunding.shipping_left(order) if shipping.get("fullRefund") else refunding.NOTHING,
        duty_lines=duty_lines(order, given.get("refundDuties") or []),
        payments=payments,
        note=given.get("note"),
        return_id=one["id"],
    )
    made = refunding.make(writing, order, wish)
    for number, quantity, _ in wanted:
        lines[number]["refunded"] += quantity
    announcement = Announcement(writing, order["shop"], order["id"])
    refunding.announce(announcement, made, order)
    announcement.order(order, "orders/updated")


def _error(field: list[str] | None, message: str, code: str) -> Document:
    return {"field": field, "message": message, "code": code}
