"""Orders in the staff console: list, page, journal."""

from orders.admin import customers, journal, order_list

__all__ = ["customers", "journal", "order_list"]
