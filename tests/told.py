"""What the demo partner was told, held against the journal."""

import json
from collections import Counter, defaultdict

from tests.running import Instance


def told_once_and_in_order(backoffice: Instance, placed: list[int]) -> Counter[str]:
    """Every journal entry reached the partner as one event, in order per order; returns how often each was repeated.

    `placed` are the numbers of the orders that it must have heard of, each once. An event of no order has no turn.
    """
    written = _journal(backoffice)
    bodies: dict[str, set[str]] = defaultdict(set)
    repeats: Counter[str] = Counter()
    last: dict[str, int] = defaultdict(int)
    created: list[int] = []
    for message in backoffice.look("/sink/demo.json", limit=10_000)["messages"]:
        name, event = message["headers"]["webhook-id"], json.loads(message["body"])
        assert (message["verified"], message["status"], event["id"]) == ("true", 200, name)
        if name in bodies:  # sent again under the id the partner knows it by
            repeats[name] += 1
            bodies[name].add(message["body"])
            continue
        bodies[name].add(message["body"])
        if order := event["order"]:
            assert event["sequence"] > last[order["id"]], f"{name} came after a later event of its order"
            last[order["id"]] = event["sequence"]
            if event["type"] == "order.created":
                created.append(int(order["remote_id"]))
    assert {len(variants) for variants in bodies.values()} == {1}
    assert sorted(created) == sorted(placed)
    assert not written - bodies.keys()
    assert not bodies.keys() - _journal(backoffice)  # a pass may have written another one while we read
    return repeats


def _journal(backoffice: Instance) -> set[str]:
    return {row[0] for row in backoffice.rows("SELECT public_id FROM orders_journalentry")}
