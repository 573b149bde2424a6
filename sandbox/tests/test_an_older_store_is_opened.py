"""A file kept by an earlier version opens: its orders are read, edited, refunded and returned like new ones."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sandbox.tests.operations import ORDER
from sandbox.tests.running import Sandbox

NEW_IN_ORDERS = ("returns", "fees", "risk", "original_total", "location_id")
NEW_IN_LINES = ("refunded", "awaiting_refund", "tip", "duty", "group", "taken")
NEW_IN_REFUNDS = ("updated_at", "return_id", "duties", "adjustments")


def aged(path: Path) -> None:
    """Take from the file what the first version did not write."""
    connection = sqlite3.connect(path)
    for table in ("records", "idempotency", "fulfillment_orders"):
        connection.execute(f"DROP TABLE {table}")
    for number, text in connection.execute("SELECT id, document FROM orders").fetchall():
        order = json.loads(text)
        strip(order, NEW_IN_ORDERS)
        for line in order["lines"]:
            # All units refunded before they were shipped counted as removed then.
            line["removed"] += line.get("refunded", 0)
            strip(line, NEW_IN_LINES)
        for refund in order["refunds"]:
            strip(refund, NEW_IN_REFUNDS)
        for transaction in order["transactions"]:
            strip(transaction, ("error_code", "rounding"))
        connection.execute("UPDATE orders SET document = ? WHERE id = ?", (json.dumps(order), number))
    connection.commit()
    connection.close()


def strip(document: dict[str, object], names: tuple[str, ...]) -> None:
    for name in names:
        document.pop(name, None)


def test_old_orders_are_as_good_as_new(start: Callable[..., Sandbox], tmp_path: Path):
    first = start()
    placed = first.place(lines=[{"sku": "FW-MUG", "quantity": 4}])
    first.press(placed["id"], "refund")
    first.stop()
    aged(tmp_path / "sandbox.sqlite3")
    again = start()
    answer = again.ask(ORDER, id=placed["admin_graphql_api_id"])
    assert "errors" not in answer, answer
    assert answer["data"]["order"]["lineItems"]["nodes"][0]["currentQuantity"] == 3
    assert again.get(f"/sandbox/orders/{placed['id']}.json")["order"]["refunds"][0]["order_adjustments"] == []
    again.press(placed["id"], "edit", set=[{"sku": "FW-MUG", "quantity": 2}])
    again.press(placed["id"], "fulfil")
    again.press(placed["id"], "return")
    again.press(placed["id"], "refund", amount="1.00")
    shown = again.ask(ORDER, id=placed["admin_graphql_api_id"])["data"]["order"]
    assert (shown["returnStatus"], len(shown["returns"]["nodes"])) == ("IN_PROGRESS", 1)
