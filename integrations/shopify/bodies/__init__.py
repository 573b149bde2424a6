"""Shopify's webhook bodies (REST shape) as snapshots, one module a theme; `translate` is the door."""
