"""What a remedy cost the merchant, as far as it is known when it is carried out; kept with it, for prices change."""

from decimal import Decimal
from typing import Any

from orders.models import StockItem
from orders.money import decimal_of, text_of
from protection.models import Resolution


def cost_of(resolution: Resolution) -> dict[str, Any]:
    """{"goods": {amount, currency} or None, "goods_at": "price", "money", "label", "duty"} in the shop's currency.

    Goods count at what the shop sells them for now, else at what was paid: what they cost to buy, labels and duties are
    not known here (None) until somebody says so.
    """
    currency = resolution.claim.order.currency
    goods = _goods(resolution, currency) if resolution.kind == Resolution.Kind.REPLACEMENT else None
    money = resolution.amount["shop"] if resolution.amount else None
    return {"goods": goods, "goods_at": "price" if goods else None, "money": money, "label": None, "duty": None}


def _goods(resolution: Resolution, currency: str) -> dict[str, str]:
    variants = [line["variant_id"] for line in resolution.lines if line["variant_id"]]
    items = StockItem.objects.filter(shop=resolution.claim.order.shop_id, variant_id__in=variants)
    prices = {item.variant_id: item.price for item in items if item.price is not None}
    amount = sum(
        (prices.get(line["variant_id"], decimal_of(line["unit_price"]["amount"])) * line["quantity"]
         for line in resolution.lines), Decimal(0),
    )  # fmt: skip
    return {"amount": text_of(amount, currency), "currency": currency}
