from orders.models.customer import Customer
from orders.models.fulfillment import Fulfillment, TrackingEvent
from orders.models.journal_entry import JournalEntry
from orders.models.order import LineItem, Order
from orders.models.refund import Refund
from orders.models.shop import Shop
from orders.models.unit_use import UnitUse

__all__ = [
    "Customer",
    "Fulfillment",
    "JournalEntry",
    "LineItem",
    "Order",
    "Refund",
    "Shop",
    "TrackingEvent",
    "UnitUse",
]
