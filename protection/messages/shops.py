"""How a shop writes to its customers: whether, as whom, and in which languages."""

from django.conf import settings

from orders.models import Order, Shop
from protection.models import Consent, CustomerMail


def mail_of(shop: Shop) -> CustomerMail:
    """The shop's choice; where it has made none, what holds for all: see `settings.CUSTOMER_MAILS`."""
    return CustomerMail.objects.filter(shop=shop).first() or CustomerMail(shop=shop, on=settings.CUSTOMER_MAILS)


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
    """Languages to write in, best first: the customer's, the shop's, English. “de-AT” is followed by “de”."""
    asked = [_locale_of(order), mail.language, "en"]
    found: dict[str, None] = {}
    for name in asked:
        tag = name.strip().lower().replace("_", "-")
        if tag:
            found |= {tag: None, tag.split("-")[0]: None}
    return list(found)


def _locale_of(order: Order) -> str:
    """The language the customer bought in: the order's own, else the one they chose protection in."""
    said = getattr(order, "customer_locale", "")
    if said:
        return str(said)
    consent = Consent.objects.filter(coverage__order=order).values_list("locale", flat=True).first()
    return consent or ""
