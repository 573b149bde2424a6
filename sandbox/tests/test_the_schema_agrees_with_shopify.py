"""Every name, type, default and enum value of the subset is the same in Shopify's own schema."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    introspection_from_schema,
)

from sandbox import schema

OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "shopify" / "admin_2026-10.json.gz"
SUBSET = schema.read()
OWN_TYPES = [name for name in SUBSET.type_map if not name.startswith("__")]


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    if not OFFICIAL.exists():
        pytest.skip("Shopify's schema is not here")
    with gzip.open(OFFICIAL) as packed:
        return types_of(json.load(packed)["data"])


@pytest.fixture(scope="module")
def subset() -> dict[str, Any]:
    return types_of(dict(introspection_from_schema(SUBSET)))


@pytest.mark.parametrize("name", OWN_TYPES)
def test_a_type_says_nothing_else_than_shopify(name: str, official: dict[str, Any], subset: dict[str, Any]):
    ours, theirs = subset[name], official[name]
    assert ours["kind"] == theirs["kind"]
    kind = SUBSET.type_map[name]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        assert shape(ours["fields"]).items() <= shape(theirs["fields"]).items()
        for field, arguments in arguments_of(ours).items():
            assert arguments.items() <= arguments_of(theirs)[field].items(), field
            missing = {key for key, text in arguments_of(theirs)[field].items() if required(text)} - arguments.keys()
            assert not missing, f"{name}.{field} needs {missing}"
    elif isinstance(kind, GraphQLInputObjectType):
        assert inputs(ours["inputFields"]).items() <= inputs(theirs["inputFields"]).items()
    elif isinstance(kind, GraphQLEnumType):
        assert {one["name"] for one in ours["enumValues"]} <= {one["name"] for one in theirs["enumValues"]}


def test_the_subset_uses_nothing_that_is_deprecated(official: dict[str, Any], subset: dict[str, Any]):
    old = [
        f"{name}.{field['name']}"
        for name, kind in official.items()
        for field in kind.get("fields") or []
        if field["isDeprecated"]
    ]
    ours = {f"{name}.{field['name']}" for name, kind in subset.items() for field in kind.get("fields") or []}
    assert ours.isdisjoint(old), ours & set(old)


def types_of(introspection: dict[str, Any]) -> dict[str, Any]:
    return {kind["name"]: kind for kind in introspection["__schema"]["types"]}


def written(kind: dict[str, Any]) -> str:
    if kind["kind"] == "NON_NULL":
        return f"{written(kind['ofType'])}!"
    return f"[{written(kind['ofType'])}]" if kind["kind"] == "LIST" else str(kind["name"])


def shape(fields: list[dict[str, Any]]) -> dict[str, str]:
    return {field["name"]: written(field["type"]) for field in fields}


def inputs(fields: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    return {field["name"]: (written(field["type"]), field["defaultValue"]) for field in fields}


def arguments_of(kind: dict[str, Any]) -> dict[str, dict[str, tuple[str, str | None]]]:
    return {field["name"]: inputs(field["args"]) for field in kind["fields"]}


def required(argument: tuple[str, str | None]) -> bool:
    return argument[0].endswith("!") and argument[1] is None
