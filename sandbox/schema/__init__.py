"""The part of Shopify's Admin GraphQL schema that the stand-in answers: one file a theme, read as one text.

`orders.graphql` defines the roots; the other files add to them with `extend type`.
"""

from pathlib import Path

from graphql import GraphQLSchema, build_schema


def read() -> GraphQLSchema:
    """The whole subset."""
    return build_schema("\n".join(part.read_text() for part in sorted(Path(__file__).parent.glob("*.graphql"))))
