"""``@idempotent(key: …)``: a change that is asked for twice under one key happens once.

Shopify demands the directive for some mutations since 2026-04 although the schema shows no sign of it, and answers at
the top level of the response when it is missing (recorded for the inventory mutations).
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo
from graphql.execution.values import get_directive_values

from sandbox import clock
from sandbox.store import Writing

MISSING = "The @idempotent directive is required for this mutation but was not provided."
BLANK = "The idempotency key cannot be an empty string or whitespace only."
MISMATCH = "The same idempotency key cannot be used with different operation parameters."


class Mismatch(Exception):
    """The key was used before with another input; the mutation says so in its own way."""


def key_of(info: GraphQLResolveInfo) -> str:
    """The key the field's directive carries; raises GraphQLError when there is none."""
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    if values is None:
        raise GraphQLError(MISSING, extensions={"code": "BAD_REQUEST"})
    key = str(values["key"])
    if not key.strip():
        raise GraphQLError(BLANK, extensions={"code": "BAD_REQUEST"})
    return key


def once(
    writing: Writing, shop: str, operation: str, key: str, given: dict[str, Any], make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What ``make`` returned the first time (plain JSON, such as the id of what was made); raises Mismatch.

    ``make`` works in the same transaction. When it raises, nothing is kept and the key is free again.
    """
    digest = hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode()).hexdigest()
    row = writing.connection.execute(
        "SELECT digest, outcome FROM idempotency WHERE shop = ? AND operation = ? AND key = ?", (shop, operation, key)
    ).fetchone()
    if row is not None:
        if row["digest"] != digest:
            raise Mismatch(MISMATCH)
        return dict(json.loads(row["outcome"]))
    outcome = make()
    writing.connection.execute(
        "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
        (shop, operation, key, digest, json.dumps(outcome), clock.now()),
    )
    return outcome
