"""Sync in the staff console: connections, what came in, what goes out."""

from integrations.admin import alerts, connections, deliveries, in_step, messages, passes, privacy

__all__ = ["alerts", "connections", "deliveries", "in_step", "messages", "passes", "privacy"]
