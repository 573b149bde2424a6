"""Whatever happens to orders in whatever order: what is to be shipped, ordered and promised stays the same number."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import (
    changing,
    fulfillment_orders,
    giving_back,
    holding,
    kept_orders,
    locations,
    placing,
    regrouping,
    shipping,
    shops,
)
from sandbox.fulfillment_orders import is_active
from sandbox.placing import Cart, Impossible
from sandbox.store import Store, Writing
from sandbox.totals import current_quantity, editable_quantity, fulfillable_quantity, refundable_quantity

Document = dict[str, Any]
RARE = {"hold", "release", "move", "split", "ship", "call_back", "edit", "refund", "cancel"}
SKUS = ("FW-MUG", "FW-LAMP", "FW-SHOE-42")


class Shopkeeper:
    """Does one thing after the other to a few orders, as the dice fall."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.store = Store(folder / "sandbox.sqlite3")
        self.dice = random.Random(seed)
        self.orders: list[int] = []
        with self.store.write() as writing:
            shops.add_or_update(writing, domain="a.myshopify.com", token="t", secret="s")
            self.shop = shops.first(writing.connection)

    def act(self) -> str:
        """One thing; what cannot be done is refused and changes nothing."""
        acts: list[Callable[[], Any]] = [self.place, self.hold, self.release, self.move, self.split, self.merge]
        acts += [self.ship, self.ship, self.call_back, self.edit, self.refund, self.cancel, self.progress]
        act = self.dice.choice(acts)
        try:
            act()
        except Impossible:
            return "refused"
        return act.__name__

    def place(self) -> None:
        lines = tuple((sku, self.dice.randint(1, 4)) for sku in self.dice.sample(SKUS, 2))
        cart = Cart(lines=lines, protected=self.dice.random() < 0.5)
        self.orders.append(placing.place(self.store, self.shop, cart)["id"])

    def hold(self) -> None:
        def change(writing: Writing, order: Document, one: Document) -> None:
            holding.hold(writing, order, one, handle=str(self.dice.random()), units=self._some(one))

        self._one(change)

    def release(self) -> None:
        self._one(holding.release)

    def move(self) -> None:
        def change(writing: Writing, order: Document, one: Document) -> None:
            place = self.dice.choice(locations.active(writing.connection, self.shop.domain))
            regrouping.move(writing, order, one, place["id"], self._some(one))

        self._one(change)

    def split(self) -> None:
        self._one(lambda writing, order, one: regrouping.split(writing, order, one, self._some(one) or {}))

    def merge(self) -> None:
        def change(writing: Writing, order: Document, one: Document) -> None:
            found = fulfillment_orders.of_order(writing.connection, order["id"])
            others = [other for other in found if fulfillment_orders.can_merge(one, other)]
            regrouping.merge(writing, order, [one, *others])

        self._one(change)

    def progress(self) -> None:
        self._one(regrouping.report_progress)

    def ship(self) -> None:
        order = self._order()
        lines = {line["id"]: self.dice.randint(1, 2) for line in order["lines"] if fulfillable_quantity(line)}
        shipping.fulfil(self.store, order["id"], lines=lines if self.dice.random() < 0.7 else None)

    def call_back(self) -> None:
        shipping.cancel_fulfillment(self.store, self._order()["id"])

    def edit(self) -> None:
        order = self._order()
        lines = order["lines"]
        fewer = {line["id"]: current_quantity(line) - self.dice.randint(0, editable_quantity(line)) for line in lines}
        more = [(self.dice.choice(SKUS), 1)] if self.dice.random() < 0.5 else []
        changing.edit_lines(self.store, order["id"], quantities=fewer, additions=more)

    def refund(self) -> None:
        order = self._order()
        lines = {line["id"]: 1 for line in order["lines"] if refundable_quantity(line) and self.dice.random() < 0.5}
        giving_back.refund(self.store, order["id"], lines=lines or None, restock=self.dice.random() < 0.7)

    def cancel(self) -> None:
        if self.dice.random() < 0.3:
            giving_back.cancel(self.store, self._order()["id"])

    def check(self) -> None:
        """The books agree."""
        promised: Counter[tuple[int, int]] = Counter()
        with self.store.read() as connection:
            for order_id in self.orders:
                order = kept_orders.load(connection, order_id)
                assert order is not None
                left: Counter[int] = Counter()
                for one in fulfillment_orders.of_order(connection, order_id):
                    if not is_active(one):
                        continue
                    assert fulfillment_orders.remaining(one) > 0
                    for part in one["lines"]:
                        assert 0 <= part["remaining"] <= part["total"]
                        left[part["line_id"]] += part["remaining"]
                        promised[part["variant_id"], one["location_id"]] += part["remaining"]
                assert {line["id"]: left[line["id"]] for line in order["lines"]} == {
                    line["id"]: fulfillable_quantity(line) for line in order["lines"]
                }
            rows = connection.execute("SELECT variant_id, location_id, committed FROM shelves").fetchall()
        assert {(row[0], row[1]): row[2] for row in rows} == {
            (row[0], row[1]): promised[row[0], row[1]] for row in rows
        }

    def _order(self) -> Document:
        with self.store.read() as connection:
            order = kept_orders.load(connection, self.dice.choice(self.orders)) if self.orders else None
        if order is None:
            raise Impossible("There is no order yet")
        return order

    def _one(self, change: Callable[[Writing, Document, Document], Any]) -> None:
        order = self._order()
        with self.store.write() as writing:
            active = [one for one in fulfillment_orders.of_order(writing.connection, order["id"]) if is_active(one)]
            if not active:
                raise Impossible("There is nothing left to ship")
            change(writing, order, self.dice.choice(active))

    def _some(self, one: Document) -> dict[int, int] | None:
        """Some of what is left, or nothing, which means all."""
        chosen = {part["id"]: self.dice.randint(0, part["remaining"]) for part in one["lines"]}
        return {number: quantity for number, quantity in chosen.items() if quantity} or None


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_agree_after_every_step(tmp_path: Path, seed: int):
    keeper = Shopkeeper(tmp_path, seed)
    done: Counter[str] = Counter()
    # The dice must come to the rare ones as well, or nothing was proved: go on until they have.
    for step in range(1_500):
        if step >= 250 and done.keys() >= RARE:
            break
        done[keeper.act()] += 1
        keeper.check()
    keeper.store.close()
    assert done.keys() >= RARE
