"""Single values of a bulk file as the columns take them: ids, text, times, money, lists as JSON.

Lean like `bulk_rows`, which is made of them: no snapshots, no money objects. Raises KeyError, TypeError, ValueError,
AttributeError or ArithmeticError for what is no such value.
"""

import re
from decimal import Decimal
from typing import Any

import orjson

from integrations.shopify.values import clean, identifier, when
from orders.money import MINOR_UNITS, decimal_of, text_of

Node = dict[str, Any]

ADDRESS = {
    "first_name": "firstName", "last_name": "lastName", "company": "company", "address1": "address1",
    "address2": "address2", "city": "city", "province": "province", "province_code": "provinceCode", "zip": "zip",
    "country": "country", "country_code": "countryCodeV2", "phone": "phone",
}  # fmt: skip
_PLAIN_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,15})\.[0-9]{1,2}")
_PLAIN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def number_of(gid: str) -> int:
    """1 for gid://shopify/Order/1; ValueError for what is no such id."""
    return identifier(gid.rsplit("/", 1)[-1].split("?")[0])


def text_in(value: Any) -> str:
    """As `clean`; the reader has made sure that PostgreSQL can hold every text of the line."""
    return value if type(value) is str else clean(value)


def time_text(value: str | None) -> str | None:
    """The moment as it came where PostgreSQL reads it so; ValueError for one without an offset."""
    if value is None or _PLAIN_TIME.fullmatch(value):
        return value
    moment = when(value)
    return moment.isoformat() if moment else None


def needed(moment: str | None) -> str:
    """The moment; ValueError for none."""
    if moment is None:
        raise ValueError("the time of making or of the last change is missing")
    return moment


def json_text(value: Any) -> str:
    """As a jsonb column takes it."""
    return orjson.dumps(value).decode()


def amount_text(amount: Any, currency: str) -> str:
    """`text_of(decimal_of(amount), currency)`, at a tenth of its price for what nearly all amounts look like."""
    if type(amount) is str and currency not in MINOR_UNITS and currency.isupper() and _PLAIN_AMOUNT.fullmatch(amount):
        return amount if amount[-3] == "." else amount + "0"
    return text_of(decimal_of(amount), currency)


def bag_in(node: Node) -> dict[str, dict[str, str]]:
    """A money bag in the shape of `MoneyBag.as_json`."""
    shop, presentment = node["shopMoney"], node["presentmentMoney"]
    side = _side(shop)
    return {"shop": side, "presentment": side if presentment == shop else _side(presentment)}


def sum_in(nodes: list[Node], like: Node) -> dict[str, dict[str, str]]:
    """The bags added up; `like` says in which currencies, also where there are none."""
    summed = {}
    for side, field in (("shop", "shopMoney"), ("presentment", "presentmentMoney")):
        currency = like[field]["currencyCode"]
        if len(nodes) == 1:
            amount = amount_text(nodes[0][field]["amount"], currency)
        else:
            parts = (decimal_of(node[field]["amount"]) for node in nodes)
            amount = text_of(sum(parts, Decimal(0)), currency) if nodes else _zero(currency)
        summed[side] = {"amount": amount, "currency": currency}
    return summed


def address_text(node: Node | None) -> str | None:
    """A postal address as JSON; None for none."""
    return None if not node else json_text({name: text_in(node[field]) for name, field in ADDRESS.items()})


def pairs_text(nodes: list[Node]) -> str:
    """Properties and attributes, as `pairs` of a message."""
    pairs = [{"name": text_in(node["key"]), "value": text_in(node["value"])} for node in nodes]
    return json_text(pairs) if pairs else "[]"


def tags_text(tags: list[str]) -> str:
    """Tags in the order of the alphabet, each once."""
    return json_text(sorted({text_in(tag).strip() for tag in tags} - {""})) if tags else "[]"


def _side(money: Node) -> dict[str, str]:
    currency = money["currencyCode"]
    return {"amount": amount_text(money["amount"], currency), "currency": currency}


def _zero(currency: str) -> str:
    return "0.00" if currency not in MINOR_UNITS and currency.isupper() else text_of(Decimal(0), currency)
