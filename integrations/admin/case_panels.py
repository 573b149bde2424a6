"""Which systems know everything about an order, and which do not."""

from django.http import HttpRequest

from backoffice.console.panels import Panel
from integrations.standing import standings_of
from orders.models import Order


def systems_in_step(request: HttpRequest, order: Order) -> Panel | None:
    if not request.user.has_perm("integrations.view_delivery"):
        return None
    may_compare = request.user.has_perm("integrations.view_connection") and request.user.has_perm("orders.view_order")
    context = {"standings": standings_of(order), "order": order, "links": may_compare}
    return Panel("Systems", "integrations/systems.html", context)
