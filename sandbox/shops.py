"""The shops this stand-in plays: each has its own token, webhook secret, currency, stock and customers."""

import json
import sqlite3
from dataclasses import dataclass, replace

from sandbox import catalogue, clock, locations, shelves
from sandbox.store import Writing


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as the rest of the program needs it."""

    id: int
    domain: str
    token: str
    secret: str
    currency: str
    created_at: str

    @property
    def name(self) -> str:
        """``demo-store.myshopify.com`` is called "Demo Store"."""
        return self.domain.split(".")[0].replace("-", " ").title()


def add_or_update(writing: Writing, *, domain: str, token: str, secret: str, currency: str = "USD") -> None:
    """Give a shop its credentials; a new shop also gets full shelves and its regular customers."""
    known = writing.connection.execute("SELECT 1 FROM shops WHERE domain = ?", (domain,)).fetchone()
    if known:
        writing.connection.execute(
            "UPDATE shops SET token = ?, secret = ?, currency = ? WHERE domain = ?", (token, secret, currency, domain)
        )
        return
    moment = clock.now()
    writing.connection.execute(
        "INSERT INTO shops (domain, token, secret, currency, id, next_number, created_at)"
        " VALUES (?, ?, ?, ?, ?, 1001, ?)",
        (domain, token, secret, currency, writing.new_id(), moment),
    )
    furnish(writing, domain)
    for seat, person in enumerate(catalogue.PEOPLE):
        customer = {"id": writing.new_id(), **person, "currency": currency, "orders": 0, "created_at": moment}
        writing.connection.execute(
            "INSERT INTO customers (id, shop, seat, document) VALUES (?, ?, ?, ?)",
            (customer["id"], domain, seat, json.dumps({**customer, "updated_at": moment, "last_order": None})),
        )


def furnish(writing: Writing, domain: str) -> None:
    """Locations and full shelves for a shop that has none: a new one, or one kept by an earlier version."""
    places = locations.open_first(writing, domain)
    if not places:
        return
    main, depot = (place["id"] for place in places)
    for variant in catalogue.VARIANTS:
        shelves.put_up(writing, domain, variant.id, main, variant.stock)
        few = catalogue.IN_THE_DEPOT if variant.stock == catalogue.PLENTY else 0
        shelves.put_up(writing, domain, variant.id, depot, few)


def change_currency(writing: Writing, shop: Shop, currency: str) -> Shop:
    """Book new orders in another currency; returns the shop as it is then."""
    writing.connection.execute("UPDATE shops SET currency = ? WHERE domain = ?", (currency, shop.domain))
    return replace(shop, currency=currency)


def first(connection: sqlite3.Connection) -> Shop:
    """The shop that was there first: the one the page acts on unless told otherwise."""
    return _shop(connection.execute("SELECT * FROM shops ORDER BY rowid LIMIT 1").fetchone())


def by_domain(connection: sqlite3.Connection, domain: str) -> Shop | None:
    """The shop with this myshopify domain."""
    row = connection.execute("SELECT * FROM shops WHERE domain = ?", (domain,)).fetchone()
    return _shop(row) if row else None


def by_token(connection: sqlite3.Connection, token: str) -> Shop | None:
    """The shop whose Admin API token this is."""
    row = connection.execute("SELECT * FROM shops WHERE token = ?", (token,)).fetchone()
    return _shop(row) if row else None


def every(connection: sqlite3.Connection) -> list[Shop]:
    """All shops, the first one first."""
    return [_shop(row) for row in connection.execute("SELECT * FROM shops ORDER BY rowid")]


def next_order_number(writing: Writing, shop: Shop) -> int:
    """1001, 1002 … as Shopify counts."""
    row = writing.connection.execute(
        "UPDATE shops SET next_number = next_number + 1 WHERE domain = ? RETURNING next_number - 1", (shop.domain,)
    ).fetchone()
    return int(row[0])


def _shop(row: sqlite3.Row) -> Shop:
    return Shop(row["id"], row["domain"], row["token"], row["secret"], row["currency"], row["created_at"])
