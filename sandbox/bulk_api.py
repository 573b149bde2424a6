"""``bulkOperation``, ``bulkOperations``, ``bulkOperationRunQuery`` and ``bulkOperationCancel``."""

import re
import sqlite3
from collections.abc import Callable
from typing import Any

from sandbox import bulk_checks, bulk_operations
from sandbox.access import SCHEMA, Access
from sandbox.connections import page_of_list
from sandbox.order_documents import number_of
from sandbox.shops import Shop
from sandbox.store import Store

Document = dict[str, Any]

STATUS = re.compile(r"\bstatus:['\"]?(\w+)")
BUSY = "A bulk query operation for this app and shop is already in progress: {}."


def queries(connection: sqlite3.Connection, shop: Shop, _: Any) -> Document:
    """Fields of QueryRoot."""

    def bulk_operations_of_shop(
        info: Any, first: int | None = None, query: str | None = None, **asked: Any
    ) -> Document:
        # Of the search language only the status is understood: that is what a client looks for before it asks anew.
        wanted_status = STATUS.search(query or "")
        every = [
            (one.id, bulk_operations.fields(one, info.context.address))
            for one in bulk_operations.of_shop(connection, shop.domain)
            if wanted_status is None or one.status == wanted_status[1].upper()
        ]
        wanted = {name: value for name, value in asked.items() if name in ("after", "reverse")}
        return page_of_list(every, first=first, **wanted)

    return {
        "bulkOperation": lambda info, id: _shown(connection, shop, number_of(id), info.context),
        "bulkOperations": bulk_operations_of_shop,
    }


def mutations(store: Store, shop: Shop, _: Any) -> dict[str, Callable[..., Document]]:
    """Fields of Mutation."""

    def run(info: Any, query: str, groupObjects: bool = False) -> Document:
        wrong = bulk_checks.problems(SCHEMA, query)
        if wrong:
            return {"bulkOperation": None, "userErrors": [_error(["query"], text, "INVALID") for text in wrong]}
        access: Access = info.context
        try:
            with store.write() as writing:
                number = bulk_operations.ask(writing, shop.domain, query, grouped=groupObjects, version=access.version)
        except bulk_operations.InProgress as busy:
            text = BUSY.format(", ".join(busy.gids))
            return {"bulkOperation": None, "userErrors": [_error(None, text, "OPERATION_IN_PROGRESS")]}
        with store.read() as connection:
            shown = _shown(connection, shop, number, access)
        store.bulk_asked(number)
        return {"bulkOperation": shown, "userErrors": []}

    def cancel(info: Any, id: str) -> Document:
        number = number_of(id)
        with store.read() as connection:
            known = _shown(connection, shop, number, info.context)
        if known is None or number is None:
            return {"bulkOperation": None, "userErrors": [_error(["id"], "Bulk operation does not exist")]}
        with store.write() as writing:
            cancelling = bulk_operations.move(writing, number, "CANCELING", "CREATED", "RUNNING")
        with store.read() as connection:
            shown = _shown(connection, shop, number, info.context)
        assert shown is not None
        if not cancelling and shown["status"] != "CANCELING":
            text = f"A bulk operation cannot be canceled when it is {shown['status'].lower()}"
            return {"bulkOperation": shown, "userErrors": [_error(None, text)]}
        return {"bulkOperation": shown, "userErrors": []}

    return {"bulkOperationRunQuery": run, "bulkOperationCancel": cancel}


def _shown(connection: sqlite3.Connection, shop: Shop, number: int | None, access: Access) -> Document | None:
    known = bulk_operations.by_id(connection, number)
    if known is None or known.shop != shop.domain:
        return None
    return bulk_operations.fields(known, access.address)


def _error(field: list[str] | None, message: str, code: str | None = None) -> Document:
    return {"field": field, "message": message, **({"code": code} if code else {})}
