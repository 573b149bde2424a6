"""QUEUE=redis://…: scheduled tasks wait in a Redis list. Needs the library `redis`, which is not locked."""

from django_q.brokers.redis_broker import Redis

from integrations.queues.outside import Outside


class Queue(Outside, Redis):
    """Redis gives no receipts: a task that a killed process had taken is gone, and its schedule makes the next one."""
