"""Orders in the staff console: list, page, journal."""

from orders.admin import change_story, customers, journal, order_list, part_story, stock

__all__ = ["change_story", "customers", "journal", "order_list", "part_story", "stock"]
