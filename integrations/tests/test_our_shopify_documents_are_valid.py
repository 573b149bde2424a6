"""Every GraphQL document we send is valid in Shopify's published schemas, deprecated fields excepted: none is used."""

import gzip
import json
import pkgutil
import re
from importlib import import_module

import pytest
from graphql import GraphQLSchema, build_client_schema, parse, validate
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from integrations import shopify
from integrations.tests.shopify import SHARED

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="Shopify's schemas are not here")

OPERATION = re.compile(r"\s*(query|mutation)\b")
MODULES = [import_module(name) for _, name, _ in pkgutil.walk_packages(shopify.__path__, "integrations.shopify.")]
DOCUMENTS = {
    f"{module.__name__}.{name}": text
    for module in MODULES
    for name, text in vars(module).items()
    if name.isupper() and isinstance(text, str) and OPERATION.match(text)
}
VERSIONS = ("2026-07", "2026-10")


@pytest.fixture(scope="module", params=VERSIONS)
def schema(request) -> GraphQLSchema:
    raw = gzip.decompress((SHARED / f"admin_{request.param}.json.gz").read_bytes())
    introspection = json.loads(raw)
    return build_client_schema(introspection.get("data", introspection), assume_valid=True)


def test_every_document_is_valid_and_uses_nothing_deprecated(schema):
    assert len(DOCUMENTS) >= 8
    for name, text in DOCUMENTS.items():
        errors = validate(schema, parse(text), [*specified_rules, NoDeprecatedCustomRule])
        assert errors == [], name
