from integrations.models.connection import Connection
from integrations.models.delivery import Delivery, DeliveryAttempt
from integrations.models.heartbeat import Heartbeat
from integrations.models.inbound_message import InboundMessage

__all__ = ["Connection", "Delivery", "DeliveryAttempt", "Heartbeat", "InboundMessage"]
