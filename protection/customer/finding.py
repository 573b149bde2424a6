"""A customer asks for their link by order number and e-mail; whether these match is looked up later, by the clock.

Asking writes the same row and gives the same answer whatever is asked for, so that nobody learns which orders exist.
Only the address the order was placed with is ever written to.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from backoffice import buckets
from backoffice.buckets import Limit
from backoffice.isolation import isolated
from orders.journal import record
from orders.models import Order, Shop
from protection.models import LinkRequest

EACH_EMAIL = Limit(burst=3, an_hour=3)
AT_ONCE = 200
OLD = timedelta(days=1)  # requests that nobody looked up by then are not answered any more


def ask_for_link(shop_domain: str, order_name: str, email: str) -> None:
    """Note that somebody asks."""
    order_name, email = order_name.strip().lstrip("#").strip(), email.strip()
    LinkRequest.objects.create(shop_domain=shop_domain, order_name=order_name, email=email)


def run() -> None:
    """By the clock: look up what was asked for; a match is journaled, so that its customer is written to.

    Only matches count against what one address is written to in an hour: whoever knows a number or an address alone,
    and asks for it again and again, keeps nobody from their link.
    """
    for pk in list(LinkRequest.objects.values_list("pk", flat=True)[:AT_ONCE]):
        with isolated("Looking up a link request", pk):
            _look_up(pk)


@transaction.atomic
def _look_up(pk: int) -> None:
    request = LinkRequest.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if request is None:
        return
    if request.created_at > timezone.now() - OLD:
        for order in matching(request):
            if not buckets.take(f"link:mail:{order.email.lower()}", EACH_EMAIL):
                record("link.asked", shop=order.shop, order=order, by=f"customer:{order.public_id}")
    request.delete()


def matching(request: LinkRequest) -> list[Order]:
    """Orders with this number and this e-mail; several where two shops have an order of the same name."""
    number = request.order_name
    names = {written for one in (number, number.upper()) for written in (one, f"#{one}")}
    shops = Shop.objects.filter(domain=request.shop_domain) if request.shop_domain else Shop.objects.all()
    orders = Order.objects.filter(shop__in=list(shops), name__in=names, email__iexact=request.email)
    return list(orders.filter(redacted_at=None, deleted_at=None).select_related("shop").order_by("-id")[:5])
