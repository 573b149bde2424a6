"""Every GraphQL document we send is valid in Shopify's published schemas, deprecated fields excepted: none is used."""

import gzip
import json

import pytest
from graphql import GraphQLSchema, build_client_schema, parse, validate
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from integrations.shopify import queries
from integrations.tests.shopify import SHARED

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="Shopify's schemas are not here")

DOCUMENTS = {name: text for name, text in vars(queries).items() if name.isupper() and not name.startswith("_")}
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
