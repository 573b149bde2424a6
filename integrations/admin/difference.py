"""One order at one system: what the system was told, what it was not, and where the shop has it differently."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect

from backoffice.console.pages import ConsolePage, Refused
from integrations import comparing
from integrations.admin.untold import untold
from integrations.comparing import Comparison
from integrations.differences import PARTS, field_in_words
from integrations.errors import GiveUp, RetryLater, Unreadable
from integrations.models import Connection, Delivery, Drift
from integrations.standing import Standing, standings
from orders.admin.story import sentence
from orders.models import Order

SEND = "integrations.change_delivery"
OPEN_SHOWN = 100
SHOP = "shopify"


class DifferencePage(ConsolePage):
    """For a partner's endpoint: told and not told. For a shop: the open drift, *Compare now* and *Heal*."""

    template_name = "integrations/difference.html"
    verbs: ClassVar[dict[str, str]] = {"compare": SEND, "heal": SEND}
    order: Order

    def load(self, pk: int) -> Connection | None:
        orders = Order.objects.select_related("shop", "customer").prefetch_related(*PARTS)
        order = orders.filter(pk=self.kwargs["order"]).first()
        connection = Connection.objects.defer("secrets").select_related("shop", "partner").filter(pk=pk).first()
        if order is None or connection is None or connection.shop_id not in (None, order.shop_id):
            raise Http404
        self.order = order
        return connection

    def context(self) -> dict[str, Any]:
        connection: Connection = self.subject
        order = self.order
        deliveries = Delivery.objects.filter(connection=connection, order=order)
        waiting = list(
            deliveries.filter(state__in=Delivery.OPEN).select_related("entry").order_by("id")[: OPEN_SHOWN + 1]
        )
        last = (
            deliveries.filter(state=Delivery.State.DELIVERED).select_related("entry").order_by("-delivered_at").first()
        )
        standing = standings([order.pk]).get((order.pk, connection.pk))
        is_shop = connection.system == SHOP
        return {
            "title": f"{order} at {connection}",
            "connection": connection,
            "order": order,
            "standing": standing or Standing(connection.pk, connection.label, words=_silent(is_shop), tone=""),
            "is_shop": is_shop,
            "last": last,
            "last_told": sentence(last.entry) if last else "",
            "waiting": [{"delivery": row, "told": sentence(row.entry)} for row in waiting[:OPEN_SHOWN]],
            "more": len(waiting) > OPEN_SHOWN,
            "untold": [] if is_shop else untold(order, waiting[:OPEN_SHOWN]),
            **(self._drift(connection, order) if is_shop else {}),
        }

    def _drift(self, connection: Connection, order: Order) -> dict[str, Any]:
        drifts = list(Drift.objects.filter(connection=connection, order=order).order_by("-id")[:10])
        still_open = next((drift for drift in drifts if drift.healed_at is None), None)
        titles = {str(line.remote_id): str(line) for line in order.lines.all()}
        titles |= {str(parcel.remote_id): str(parcel) for parcel in order.fulfillments.all()}
        return {
            "drift": still_open,
            "drift_rows": [
                {"title": field_in_words(row["field"], titles), "ours": row["ours"], "theirs": row["theirs"]}
                for row in (still_open.fields if still_open else [])
            ],
            "healed": [drift for drift in drifts if drift.healed_at],
        }

    def compare(self) -> str | HttpResponse:
        comparison: Comparison = self._asked(comparing.compare)
        if comparison.what != "differs":
            return _compared(comparison)
        number = len(comparison.found)
        messages.warning(self.request, f"Compared just now: {number} field{'s differ' if number != 1 else ' differs'}.")
        return HttpResponseRedirect(self.next_url())

    def heal(self) -> str:
        comparison: Comparison = self._asked(comparing.heal)
        if comparison.what == "same":
            return "Healed: the order is now as the shop has it."
        if comparison.what == "differs":
            number = len(comparison.found)
            raise Refused(
                f"{number} field{'s' if number != 1 else ''} still differ{'s' if number == 1 else ''}: "
                "what we have there is newer than the shop's answer, or the shop no longer shows a part that we keep."
            )
        return _compared(comparison)

    def _asked(self, verb: Any) -> Comparison:
        """Run a verb that asks the shop; what goes wrong outside is said in words."""
        if self.subject.system != SHOP:
            raise Refused("A partner's endpoint cannot be read; it is told, and asks us for the rest.")
        connection = Connection.objects.select_related("shop").get(pk=self.subject.pk)  # with its token
        try:
            comparison: Comparison = verb(connection, self.order, by=f"staff:{self.request.user.get_username()}")
        except RetryLater as error:
            raise Refused(f"{error} Nothing was compared; try again in a minute.") from error
        except (GiveUp, Unreadable) as error:
            raise Refused(f"{error} Nothing was compared.") from error
        return comparison


def _silent(is_shop: bool) -> str:
    return "In step" if is_shop else "Not told: nothing has happened since it was connected"


def _compared(comparison: Comparison) -> str:
    """What to say of a comparison that found no difference. Raises Refused when there was nothing to compare with."""
    if comparison.what == "hidden":
        raise Refused(
            "Shopify does not show us this order: it is older than 60 days, was deleted there, or our access ended."
        )
    if comparison.what == "older":
        raise Refused("Shopify's answer is older than what we have: a change is on its way. Compare again in a minute.")
    return "Compared just now: both agree in every field."
