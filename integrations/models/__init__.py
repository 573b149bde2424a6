from integrations.models.alert_limit import Alert, AlertLimit
from integrations.models.connection import Connection
from integrations.models.delivery import Delivery, DeliveryAttempt
from integrations.models.drift import Drift
from integrations.models.health import Health
from integrations.models.heartbeat import Heartbeat
from integrations.models.inbound_message import InboundMessage

__all__ = [
    "Alert",
    "AlertLimit",
    "Connection",
    "Delivery",
    "DeliveryAttempt",
    "Drift",
    "Health",
    "Heartbeat",
    "InboundMessage",
]
