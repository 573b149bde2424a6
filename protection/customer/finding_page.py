"""The page for everybody: order number and e-mail, and the link comes by mail. Where a shop's own pages lead to."""

import ipaddress
import re
from typing import Any, ClassVar

from django.conf import settings

from backoffice import buckets
from backoffice.buckets import Limit
from orders.models import Shop
from protection.customer.finding import ask_for_link
from protection.customer.pages import PublicPage, Refused, Sorry
from protection.customer.phrases import say

EACH_ADDRESS = Limit(burst=10, an_hour=20)
A_HOUSEHOLD = 64  # bits; whoever has one address of IPv6 has all that begin with the same ones
MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class FindPage(PublicPage):
    """The answer to a form is the same page in every case, and so is the work until it is given."""

    template_name = "customer/find.html"
    verbs: ClassVar[dict[str, str]] = {"ask": "ask"}

    def open(self, **kwargs: str) -> None:
        domain = self.request.GET.get("shop", "").replace("\x00", "")[:255]
        self.shop = Shop.objects.filter(domain=domain).first() if domain else None

    def limit(self) -> None:
        if wait := buckets.take(f"link:from:{self._visitor()}", EACH_ADDRESS):
            sentence = say("Please wait some minutes before you ask again.")
            raise Sorry(429, say("That was a lot at once"), sentence, self.shop, wait)

    def context(self) -> dict[str, Any]:
        return {
            "title": say("Find your order"),
            "number": self.request.POST.get("order", self.request.GET.get("order", ""))[:255],
            "email": self.request.POST.get("email", ""),
            "sent": self.request.GET.get("done") == "sent",
        }

    def ask(self) -> str:
        number, email = self.text("order", 255), self.text("email", 320)
        if not number:
            raise Refused(say("Please write your order number; it is in the mail that confirmed your order."), "order")
        if not MAIL.fullmatch(email):
            raise Refused(say("Please write the e-mail address you ordered with, such as name@example.com."), "email")
        ask_for_link(self.shop.domain if self.shop else "", number, email)
        return f"{self.request.path}?done=sent{f'&shop={self.shop.domain}' if self.shop else ''}"

    def _visitor(self) -> str:
        """The address a visitor comes from: what the outermost of our own proxies saw. It is kept as a digest only."""
        meta = self.request.META
        seen = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
        proxies = settings.PROXIES
        address = seen[-proxies] if 0 < proxies <= len(seen) else str(meta.get("REMOTE_ADDR", ""))
        try:
            return str(ipaddress.IPv6Network(f"{ipaddress.IPv6Address(address)}/{A_HOUSEHOLD}", strict=False))
        except ValueError:
            return address
