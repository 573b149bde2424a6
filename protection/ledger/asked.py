"""Which shops and which days somebody asks the ledger about, as an address of the console says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.utils import timezone

from orders.models import Shop
from protection.ledger.asking import Ledger
from protection.ledger.period import Period, parse


@dataclass(frozen=True, slots=True)
class Asked:
    """A period, and one shop or (None) all of them. `shops` are all there are, for the choice."""

    shops: list[Shop]
    shop: Shop | None
    period: Period
    today: date

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Asked":
        """From `from`, `to` and `shop` (a domain) of an address; raises ValueError with a sentence."""
        shops = list(Shop.objects.order_by("name", "domain"))
        domain = query.get("shop", "")
        shop = next((one for one in shops if one.domain == domain), None)
        if domain and shop is None:
            raise ValueError("There is no such store.")
        today = timezone.now().date()
        return cls(shops, shop, parse(query.get("from", ""), query.get("to", ""), today), today)

    @property
    def ledger(self) -> Ledger:
        return Ledger([self.shop] if self.shop else self.shops, self.period, self.today)

    def query(self, first: date | None = None, last: date | None = None, **more: str) -> str:
        """The question as part of an address, for these days of it."""
        asked = {"from": str(first or self.period.first), "to": str(last or self.period.last)}
        return urlencode(asked | ({"shop": self.shop.domain} if self.shop else {}) | more)
