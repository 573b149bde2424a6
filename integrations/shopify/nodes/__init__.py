"""Shopify's GraphQL answers as snapshots, one module a theme; `reads` asks for them and puts them together."""
