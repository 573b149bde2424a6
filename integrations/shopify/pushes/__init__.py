"""Carrying changes out at Shopify, one module a theme. Each push is safe to repeat: it looks before it acts."""
