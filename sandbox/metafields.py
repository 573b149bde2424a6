"""Metafields: small values an app attaches to an order or a customer; definitions say their type and may demand that
a value is given once only (an ``id`` always does)."""

import hashlib
import sqlite3
from typing import Any

from sandbox import clock, records
from sandbox.connections import page_of_list
from sandbox.order_documents import gid
from sandbox.store import Writing

Document = dict[str, Any]

DEFINITION = "metafield_definition"
DEFAULT_NAMESPACE = "$app"
STALE = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
MOST_AT_ONCE = 25


class Refused(Exception):
    """What was wrong: the path of the input, the words, the code."""

    def __init__(self, field: list[str], message: str, code: str) -> None:
        super().__init__(message)
        self.shown = {"field": field, "message": message, "code": code}


def put(writing: Writing, shop: str, owner_id: int, owner_type: str, given: Document, path: list[str]) -> int:
    """Set one value (a ``MetafieldsSetInput``); returns the metafield's id. Raises Refused."""
    namespace, key, value = given.get("namespace") or DEFAULT_NAMESPACE, given["key"], given["value"]
    known = _row(writing.connection, owner_id, namespace, key)
    if "compareDigest" in given and given["compareDigest"] != (_digest(known) if known else None):
        raise Refused(path, STALE, "STALE_OBJECT")
    if not value:
        raise Refused([*path, "value"], "Value can't be blank", "BLANK")
    definition = _definition(writing.connection, shop, owner_type, namespace, key)
    kind = given.get("type") or (definition["type"] if definition else known["type"] if known else None)
    if kind is None:
        raise Refused([*path, "type"], "Type can't be blank", "BLANK")
    if definition and kind != definition["type"]:
        raise Refused([*path, "type"], f"Type must be {definition['type']}", "INVALID_TYPE")
    if (kind == "id" or (definition and definition["unique"])) and writing.connection.execute(
        "SELECT 1 FROM metafields WHERE shop = ? AND namespace = ? AND key = ? AND value = ? AND order_id <> ?",
        (shop, namespace, key, value, owner_id),
    ).fetchone():
        raise Refused([*path, "value"], "Value is already assigned to another metafield", "TAKEN")
    number = known["id"] if known else writing.new_id()
    writing.connection.execute(
        "INSERT OR REPLACE INTO metafields VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, shop, owner_id, namespace, key, kind, value, clock.now()),
    )
    return int(number)


def define(writing: Writing, shop: str, given: Document) -> Document:
    """A new definition (a ``MetafieldDefinitionInput``); raises Refused."""
    namespace, key, kind = given.get("namespace") or DEFAULT_NAMESPACE, given["key"], given["type"]
    if len(key) < 2:
        raise Refused(["definition", "key"], "Key is too short (minimum is 2 characters)", "TOO_SHORT")
    if not given["name"].strip():
        raise Refused(["definition", "name"], "Name can't be blank", "BLANK")
    if _definition(writing.connection, shop, given["ownerType"], namespace, key):
        text = f"Key is in use for {given['ownerType'].title()} metafields on the '{namespace}' namespace."
        raise Refused(["definition", "key"], text, "TAKEN")
    asked = ((given.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled")
    if kind == "id" and asked is False:
        text = "The unique values capability is required for the type id."
        raise Refused(["definition", "capabilities"], text, "CAPABILITY_REQUIRED_BUT_DISABLED")
    definition = {
        "id": writing.new_id(),
        "name": given["name"],
        "description": given.get("description"),
        "namespace": namespace,
        "key": key,
        "type": kind,
        "owner_type": given["ownerType"],
        "unique": kind == "id" or bool(asked),
    }
    records.keep(writing, shop, DEFINITION, definition)
    return definition


def shown(connection: sqlite3.Connection, owner_id: int, owner_type: str, namespace: str, key: str) -> Document | None:
    """One metafield with the fields of ``Metafield``."""
    row = _row(connection, owner_id, namespace, key)
    return _fields(row, owner_type) if row else None


def page(
    connection: sqlite3.Connection,
    owner_id: int,
    owner_type: str,
    namespace: str | None = None,
    keys: list[str] | None = None,
    **asked: Any,
) -> Document:
    """The metafields of an order or customer; ``keys`` are ``namespace.key`` or, with a namespace, ``key``."""
    rows = connection.execute("SELECT * FROM metafields WHERE order_id = ? ORDER BY id", (owner_id,))
    wanted = [
        (row["id"], _fields(row, owner_type))
        for row in rows
        if namespace in (None, row["namespace"])
        and (keys is None or row["key"] in keys or f"{row['namespace']}.{row['key']}" in keys)
    ]
    return page_of_list(wanted, **asked)


def definition_fields(definition: Document) -> Document:
    """The fields of ``MetafieldDefinition``."""
    return {
        "id": gid("MetafieldDefinition", definition["id"]),
        "name": definition["name"],
        "description": definition["description"],
        "namespace": definition["namespace"],
        "key": definition["key"],
        "type": {"name": definition["type"], "category": "ID" if definition["type"] == "id" else "TEXT"},
        "ownerType": definition["owner_type"],
        "capabilities": {"uniqueValues": {"eligible": True, "enabled": definition["unique"]}},
    }


def _fields(row: sqlite3.Row, owner_type: str) -> Document:
    moment = clock.in_graphql(row["created_at"])
    return {
        "id": gid("Metafield", row["id"]),
        "legacyResourceId": str(row["id"]),
        "ownerType": owner_type,
        "compareDigest": _digest(row),
        **{name: row[name] for name in ("namespace", "key", "type", "value")},
        "createdAt": moment,
        "updatedAt": moment,
    }


def _row(connection: sqlite3.Connection, owner_id: int, namespace: str, key: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = connection.execute(
        "SELECT * FROM metafields WHERE order_id = ? AND namespace = ? AND key = ?", (owner_id, namespace, key)
    ).fetchone()
    return found


def _definition(
    connection: sqlite3.Connection, shop: str, owner_type: str, namespace: str, key: str
) -> Document | None:
    wanted = (owner_type, namespace, key)
    every = records.every(connection, shop, DEFINITION)
    return next((one for one in every if (one["owner_type"], one["namespace"], one["key"]) == wanted), None)


def _digest(row: sqlite3.Row) -> str:
    return hashlib.sha256(f"{row['type']}\n{row['value']}".encode()).hexdigest()
