"""What a remedy cost the merchant, as far as it is known when it is carried out; kept with it, for prices change.

What is not known then is None: `protection.ledger.entering` writes it down later, and until then the money view reckons
with the shop's usual costs.
"""

from decimal import Decimal
from typing import Any

from orders.models import StockItem
from orders.money import decimal_of, text_of
from protection.models import Resolution


def cost_of(resolution: Resolution) -> dict[str, Any]:
    """{"goods": {amount, currency} or None, "goods_at", "money", "label", "duty"} in the shop's currency.

    `goods_at` is "cost" where the shop says of every article what one costs to buy, else "price": then goods count at
    what the shop sells them for now, else at what was paid. Labels and duties are not known here (None); somebody may
    add "entered" later, with what goods, label and duty really cost.
    """
    currency = resolution.claim.order.currency
    goods, goods_at = _goods(resolution) if resolution.kind == Resolution.Kind.REPLACEMENT else (None, None)
    return {
        "goods": None if goods is None else {"amount": text_of(goods, currency), "currency": currency},
        "goods_at": goods_at,
        "money": resolution.amount["shop"] if resolution.amount else None,
        "label": None,
        "duty": None,
    }


def _goods(resolution: Resolution) -> tuple[Decimal, str]:
    variants = [line["variant_id"] for line in resolution.lines if line["variant_id"]]
    known = StockItem.objects.filter(shop=resolution.claim.order.shop_id, variant_id__in=variants)
    items = {item.variant_id: item for item in known}
    costs = [getattr(items.get(line["variant_id"]), "unit_cost", None) for line in resolution.lines]
    if None not in costs:
        return _sum(resolution, costs), "cost"
    prices = [getattr(items.get(line["variant_id"]), "price", None) for line in resolution.lines]
    return _sum(resolution, prices), "price"


def _sum(resolution: Resolution, each: list[Decimal | None]) -> Decimal:
    """Units times what one counts for; what was paid for it where that is not known."""
    return sum(
        (
            (decimal_of(line["unit_price"]["amount"]) if one is None else one) * line["quantity"]
            for one, line in zip(each, resolution.lines, strict=True)
        ),
        Decimal(0),
    )
