"""A local stand-in for Shopify: Admin GraphQL subset, signed webhooks with the real retry rules, a partner's sink.

A program of its own (``python -m sandbox``); the product neither imports it nor knows that it exists.
"""
