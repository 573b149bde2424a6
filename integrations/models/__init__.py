from integrations.models.alert_limit import Alert, AlertLimit
from integrations.models.connection import Connection
from integrations.models.delivery import Delivery, DeliveryAttempt
from integrations.models.drift import Drift
from integrations.models.health import Health
from integrations.models.heartbeat import Heartbeat
from integrations.models.history import FarChild, UnfinishedOrder
from integrations.models.inbound_message import InboundMessage
from integrations.models.installation import Installation
from integrations.models.privacy_request import PrivacyRequest
from integrations.models.store_health import StoreHealth
from integrations.models.sync_run import SyncRun
from integrations.models.trouble import Trouble

__all__ = [
    "Alert",
    "AlertLimit",
    "Connection",
    "Delivery",
    "DeliveryAttempt",
    "Drift",
    "FarChild",
    "Health",
    "Heartbeat",
    "InboundMessage",
    "Installation",
    "PrivacyRequest",
    "StoreHealth",
    "SyncRun",
    "Trouble",
    "UnfinishedOrder",
]
