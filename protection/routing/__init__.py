"""Routing rules: what becomes of a claim that comes into review, before a person looks (docs/routing-rules.md)."""
