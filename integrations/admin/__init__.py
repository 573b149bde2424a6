"""Sync in the staff console: connections, what came in, what goes out."""

from integrations.admin import connections, deliveries, messages

__all__ = ["connections", "deliveries", "messages"]
