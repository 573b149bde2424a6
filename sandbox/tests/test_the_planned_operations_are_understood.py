"""Every operation the product's reference lists is valid against the subset."""

import re
from pathlib import Path

import pytest
from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, parse, validate

from sandbox import schema

OPERATIONS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "shopify_operations.graphql"
SUBSET = schema.read()


def named() -> dict[str, DocumentNode]:
    """Each operation by its name, with the fragments it may use."""
    if not OPERATIONS.exists():
        return {}
    whole = parse(OPERATIONS.read_text())
    fragments = [one for one in whole.definitions if isinstance(one, FragmentDefinitionNode)]
    operations = [one for one in whole.definitions if isinstance(one, OperationDefinitionNode)]
    return {one.name.value: DocumentNode(definitions=(*fragments, one)) for one in operations if one.name}


FOUND = named()


@pytest.mark.skipif(not FOUND, reason="the reference is not here")
@pytest.mark.parametrize("name", FOUND)
def test_it_is_valid(name: str):
    errors = [error.message for error in validate(SUBSET, FOUND[name])]
    # The fragments are shared; that one operation does not use them all is no fault of it.
    assert [one for one in errors if not re.fullmatch(r"Fragment '\w+' is never used\.", one)] == []
