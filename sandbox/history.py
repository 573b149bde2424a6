"""Years of orders in seconds, without a webhook: what a shop already has on the day the app is installed.

A few orders are really placed, in a shop on a file of their own; the history is copies of them with ids, numbers and
moments of their own. Shelves keep what they have, as if everything sold since had been bought in again.
"""

import json
import random
import re
import secrets
import sqlite3
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import catalogue, clock, fulfillment_orders, kept_orders, locations, shipping, shops
from sandbox.placing import Cart, place
from sandbox.shops import Shop
from sandbox.store import Store, Writing

Document = dict[str, Any]
# Number in a pattern → number in the copy, as written in JSON.
Mapping = dict[str, str]

BATCH = 500
# How many really placed orders the copies are made of; every other one was shipped.
PATTERNS = 24
MOVING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z|\d{13,17}")
SKUS = [variant.sku for variant in catalogue.VARIANTS if variant.stock == catalogue.PLENTY]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many orders, of how many lines each, over how many days up to now, and which share was shipped."""

    orders: int
    lines: int = 2
    days: int = 60
    fulfilments: float = 0.5
    seed: int = 1


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One really placed order and its fulfillment orders as JSON; ``ids`` are those every copy needs anew."""

    name: str
    order: str
    shipments: list[str]
    ids: list[str]


class _Recording(Store):
    """A store that remembers every id it handed out."""

    def __init__(self, path: Path) -> None:
        self.handed: set[str] = set()
        super().__init__(path)

    def _new_id(self) -> int:
        number = super()._new_id()
        self.handed.add(str(number))
        return number


def write(store: Store, shop: Shop, wanted: Wanted, told: Callable[[int], bool]) -> None:
    """Write the history, oldest order first; ``told`` hears how many are there and says whether to go on."""
    dice = random.Random(wanted.seed)
    open_ones, shipped_ones = _patterns(store, shop, wanted, dice)
    step = timedelta(days=wanted.days) / wanted.orders
    began = datetime.now(UTC) - step * wanted.orders
    done = 0
    while told(done) and done < wanted.orders:
        with store.write() as writing:
            for _ in range(min(BATCH, wanted.orders - done)):
                pattern = dice.choice(shipped_ones if dice.random() < wanted.fulfilments else open_ones)
                _copy(writing, shop, pattern, (began + step * done).strftime(clock.KEPT_FORM))
                done += 1


def _patterns(store: Store, shop: Shop, wanted: Wanted, dice: random.Random) -> tuple[list[_Pattern], list[_Pattern]]:
    patterns: tuple[list[_Pattern], list[_Pattern]] = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        scratch = _Recording(Path(folder) / "scratch.sqlite3")
        with scratch.write() as writing:
            shops.add_or_update(
                writing, domain=shop.domain, token=shop.token, secret=shop.secret, currency=shop.currency
            )
        with scratch.read() as there, store.read() as here:
            stand_in = shops.first(there)
            shared = {**_shared(there, here, shop.domain), str(stand_in.id): str(shop.id)}
        for turn in range(PATTERNS):
            lines = tuple((dice.choice(SKUS), dice.randint(1, 3)) for _ in range(wanted.lines))
            order_id = place(scratch, stand_in, Cart(lines=lines, protected=turn % 3 == 0, turn=turn))["id"]
            if turn % 2:
                shipping.fulfil(scratch, order_id)
            with scratch.read() as there:
                order, found = kept_orders.load(there, order_id), fulfillment_orders.of_order(there, order_id)
            assert order is not None
            patterns[turn % 2].append(_pattern(order, found, shared, scratch.handed))
        scratch.close()
    return patterns


def _shared(there: sqlite3.Connection, here: sqlite3.Connection, domain: str) -> Mapping:
    """What stays one thing in all copies: regular customers by their seat, locations by their place in the row."""
    sql = "SELECT id FROM customers WHERE shop = ? AND seat IS NOT NULL ORDER BY seat"
    people, known_people = ([str(row["id"]) for row in one.execute(sql, (domain,))] for one in (there, here))
    places, known_places = ([str(one["id"]) for one in locations.active(side, domain)] for side in (there, here))
    # A shop that closed a location ships from its first one what the pattern ships from another.
    known_places += known_places[:1] * len(places)
    return {**dict(zip(people, known_people, strict=True)), **dict(zip(places, known_places, strict=False))}


def _pattern(order: Document, found: list[Document], shared: Mapping, handed: set[str]) -> _Pattern:
    texts = [json.dumps(one) for one in (order, *found)]
    own = {match for text in texts for match in MOVING.findall(text) if match in handed} - shared.keys()
    moved = [MOVING.sub(lambda match: shared.get(match[0], match[0]), text) for text in texts]
    return _Pattern(order["name"], moved[0], moved[1:], sorted(own))


def _copy(writing: Writing, shop: Shop, pattern: _Pattern, moment: str) -> None:
    number = shops.next_order_number(writing, shop)
    mapping = {one: str(writing.new_id()) for one in pattern.ids}

    def copied(text: str) -> Document:
        text = text.replace(f'"{pattern.name}', f'"#{number}')
        text = MOVING.sub(lambda match: mapping.get(match[0], match[0] if match[0].isdigit() else moment), text)
        return dict(json.loads(text))

    order = copied(pattern.order)
    order |= {"number": number, "token": uuid.uuid4().hex, "confirmation_number": secrets.token_hex(5).upper()[:9]}
    for shipment in pattern.shipments:
        fulfillment_orders.keep(writing, copied(shipment))
    kept_orders.insert(writing, order)
    for part in order["fulfillments"]:
        kept_orders.add_part(writing, order, part["id"])
