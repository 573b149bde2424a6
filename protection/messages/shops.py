"""How a shop writes to its customers: whether, as whom, and in which languages."""

from django.conf import settings

from orders.models import Order, Shop
from protection.models import Consent, CustomerMail


def mail_of(shop: Shop) -> CustomerMail:
    """The shop's choice; where it has made none, what holds for all: see `settings.CUSTOMER_MAILS`."""
    return CustomerMail.objects.filter(shop=shop).first() or no_choice(shop)


def no_choice(shop: Shop) -> CustomerMail:
    """What holds for a shop that has made no choice; not saved."""
    return CustomerMail(shop=shop, on=settings.CUSTOMER_MAILS)


def why_off(mail: CustomerMail) -> str:
    """Why nothing is written to this shop's customers, in a sentence; "" when mails go out."""
    if mail._state.adding and not mail.on:
        return "Customers are told nothing by mail: nobody has set yet who it comes from (Set-up, Mail to customers)."
    if not mail.on:
        return "Customers are told nothing by mail: the store has switched it off (Set-up, Mail to customers)."
    if not mail.sender_address and not settings.LOCAL:
        return "Customers are told nothing by mail: it has no sender (Set-up, Mail to customers)."
    return ""


def languages_for(order: Order, mail: CustomerMail) -> list[str]:
    """Languages to write in, best first: the customer's, the shop's, English."""
    return best_first(_locale_of(order), mail.language)


def best_first(*asked: str) -> list[str]:
    """These languages and English, each once. “de-AT” is followed by “de”."""
    found: dict[str, None] = {}
    for name in (*asked, "en"):
        tag = name.strip().lower().replace("_", "-")
        if tag:
            found |= {tag: None, tag.split("-")[0]: None}
    return list(found)


def _locale_of(order: Order) -> str:
    """The language the customer bought in: the order's own, else the one they chose protection in."""
    if order.customer_locale:
        return order.customer_locale
    consent = Consent.objects.filter(coverage__order=order).values_list("locale", flat=True).first()
    return consent or ""
