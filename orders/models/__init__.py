from orders.models.change import Change
from orders.models.customer import Customer
from orders.models.draft_order import DraftOrder
from orders.models.fulfillment import Fulfillment, TrackingEvent
from orders.models.fulfillment_order import FulfillmentOrder, units_to_send
from orders.models.journal_entry import JournalEntry
from orders.models.order import LineItem, Order
from orders.models.order_return import Return
from orders.models.payment import Dispute, Payment
from orders.models.refund import Refund
from orders.models.shop import Shop
from orders.models.stock import Location, StockItem, StockLevel
from orders.models.unit_use import UnitUse

__all__ = [
    "Change",
    "Customer",
    "Dispute",
    "DraftOrder",
    "Fulfillment",
    "FulfillmentOrder",
    "JournalEntry",
    "LineItem",
    "Location",
    "Order",
    "Payment",
    "Refund",
    "Return",
    "Shop",
    "StockItem",
    "StockLevel",
    "TrackingEvent",
    "UnitUse",
    "units_to_send",
]
