"""Placing the replacement order of an approved claim.

`orderCreate` has no idempotency key, so the resolution's UUID is looked up before every try, in two places: as a
metafield of the type `id`, whose values are unique in a shop, so that Shopify itself refuses a second order, and as
`sourceIdentifier`, which people and other systems see. A repeat after a lost answer finds the order that is there.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from backoffice import failpoints
from integrations.errors import GiveUp, NotYet, RetryLater
from integrations.models import Connection, Delivery
from integrations.sent import Sent
from integrations.shopify import queries
from integrations.shopify.arriving import apply_order
from integrations.shopify.client import Shopify, gid, number_of
from integrations.shopify.pushes.asking import Refused, words
from integrations.shopify.reads import read_order
from protection import ladder, paying, resolutions
from protection.models import Resolution

KEY = "claim_uuid"  # of the metafield, in our app's own namespace
DEFINITION = {
    "name": "Claim", "namespace": "$app", "key": KEY, "type": "id", "ownerType": "ORDER",
    "description": "The remedy of a claim that this order carries out",
    "capabilities": {"uniqueValues": {"enabled": True}},
}  # fmt: skip
NO_STOCK = "INVENTORY_CLAIM_FAILED"
# orders(query:) reads Shopify's search index, which lags behind the write by seconds.
INDEX_LAG = timedelta(seconds=10)
# A replacement whose own webhook has not come by then is read.
HOME_COMING = timedelta(minutes=2)


def carry_out(delivery: Delivery) -> Sent:
    """Carry a remedy out: a replacement by placing its order, money by a change that follows in its own delivery."""
    resolution = Resolution.objects.select_related("claim__order__customer").get(public_id=delivery.entry.subject)
    if resolution.kind == Resolution.Kind.REPLACEMENT:
        return place_replacement(delivery, resolution)
    if not paying.pay(resolution):
        return Sent("Nothing to do: it was undone or is asked for already.")
    return Sent(f"{resolution.get_kind_display()} asked for")


def place_replacement(delivery: Delivery, resolution: Resolution) -> Sent:
    """Make the replacement order once, whatever happens in between."""
    if resolution.started_at is None and resolution.state == Resolution.State.QUEUED:
        _brake(delivery.connection)  # while it can still be undone
    if not resolutions.start(resolution):
        return Sent("Nothing to do: it was undone or is done already.")
    failpoints.reach("replacement.started")
    shopify, by = Shopify(delivery.connection), "shopify"
    _define(shopify)
    order = _find(shopify, resolution)
    found = order is not None
    if order is None:
        _wait_for_index(delivery)
        _brake(delivery.connection)
        failpoints.reach("replacement.not_found")
        try:
            order = _create(shopify, resolution)
        except Refused as refusal:
            places = _short(refusal.errors)
            if places is None:
                resolutions.mark_failed(resolution, str(refusal), by=by)
            else:
                ladder.out_of_stock(resolution, _named(resolution, places, str(refusal)), places, by=by)
            return Sent(f"Refused: {refusal}", 200)
        failpoints.reach("replacement.placed")
    resolutions.mark_executed(
        resolution, remote_order_id=number_of(order["id"]), remote_order_name=order["name"], by=by
    )  # fmt: skip
    failpoints.reach("replacement.executed")
    return Sent(f"{'Found' if found else 'Placed'} replacement {order['name']}", 200)


def fetch_missing_replacements() -> int:
    """Read replacements whose webhook has not come for two minutes; returns how many came home by that."""
    missing = Resolution.objects.filter(
        state=Resolution.State.EXECUTED, replacement_order=None, executed_at__lt=timezone.now() - HOME_COMING
    ).select_related("claim__order")
    count = 0
    for resolution in missing[:50]:
        connection = Connection.objects.active().get(system="shopify", shop=resolution.claim.order.shop_id)
        snapshot = read_order(connection, resolution.remote_order_id or 0)
        if snapshot is not None:
            apply_order(connection, snapshot)
            count += 1
    return count


def placed_lately(connection: Connection) -> int:
    """How many replacements were placed at a store within the last hour."""
    since = timezone.now() - timedelta(hours=1)
    placed = Resolution.objects.filter(claim__order__shop=connection.shop_id, remote_order_id__isnull=False)
    return placed.filter(executed_at__gt=since).count()


def _brake(connection: Connection) -> None:
    """A safety catch: whatever runs wild here, a store is sent no more replacements an hour than the setting says."""
    placed = placed_lately(connection)
    if placed >= settings.REPLACEMENTS_PER_HOUR:
        raise NotYet(f"{placed} replacements were placed in the last hour, no more are; is all well?", after=60)


_defined: set[int] = set()  # connections whose shop has the definition, as far as this process knows


def _define(shopify: Shopify) -> None:
    """Only a defined metafield can be looked up; defining it once more is refused, which says that it is there."""
    if shopify.connection.pk in _defined:
        return
    errors = shopify.run(queries.DEFINE_INTENT, {"definition": DEFINITION})["metafieldDefinitionCreate"]["userErrors"]
    if wrong := [error for error in errors if error["code"] != "TAKEN"]:
        raise GiveUp(f"Shopify refuses our metafield: {words(wrong)}", parked="configuration", status=200)
    _defined.add(shopify.connection.pk)


def _find(shopify: Shopify, resolution: Resolution) -> dict[str, Any] | None:
    variables = {"key": KEY, "value": str(resolution.uuid)}
    known: dict[str, Any] | None = shopify.run(queries.FIND_BY_INTENT, variables)["orderByIdentifier"]
    if known is not None:
        return known
    nodes = shopify.run(queries.FIND_BY_SOURCE, {"q": f"source_identifier:{resolution.uuid}"})["orders"]["nodes"]
    ours: list[dict[str, Any]] = [node for node in nodes if node["sourceIdentifier"] == str(resolution.uuid)]
    if len(ours) > 1:
        names = " and ".join(node["name"] for node in ours)
        raise GiveUp(f"Two orders carry {resolution.uuid}: {names}. Cancel one by hand.", parked="refused")
    return ours[0] if ours else None


def _wait_for_index(delivery: Delivery) -> None:
    """A try whose answer was lost may have made the order, unseen by the search for some seconds: wait them out."""
    tries = delivery.log.exclude(number=0)  # those that only waited asked for nothing
    last = tries.order_by("-id").first()
    lost = tries.filter(status=None).exists() or delivery.attempts > tries.count() + 1
    if lost and last is not None and timezone.now() - last.started_at < INDEX_LAG:
        raise RetryLater("The last try's answer was lost; looking again before placing.", after=10)


def _create(shopify: Shopify, resolution: Resolution) -> dict[str, Any]:
    variables = {"order": order_input(resolution), "options": OPTIONS}
    result = shopify.run(queries.CREATE_REPLACEMENT, variables)["orderCreate"]
    if errors := result["userErrors"]:
        reason = words(errors)
        if "too many attempts" in reason.lower():
            raise NotYet(f"Shopify: {reason}", after=60)
        if any("metafields" in (error["field"] or []) for error in errors):
            raise RetryLater("It was placed by a try whose answer was lost; looking for it.", after=10, status=200)
        raise Refused(reason, errors)
    order: dict[str, Any] = result["order"]
    return order


def _short(errors: list[dict[str, Any]]) -> list[int] | None:
    """Places of the lines that are out of stock (empty: not said which); None for any other refusal."""
    short = [error for error in errors if error.get("code") == NO_STOCK]
    places = (next((int(part) for part in error["field"] or [] if str(part).isdigit()), None) for error in short)
    return sorted({place for place in places if place is not None}) if short else None


def _named(resolution: Resolution, places: list[int], words: str) -> str:
    """What cannot be sent, by name, so that an agent can choose something else."""
    names = [resolution.lines[place]["title"] for place in places if place < len(resolution.lines)]
    return f"Not in stock: {', '.join(names)}. {words}" if names else words


# Stock must be taken (Shopify's default takes none), and only where the variant's policy allows it. The customer hears
# from us, not by a receipt over 0.00.
OPTIONS = {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY", "sendReceipt": False, "sendFulfillmentReceipt": False}


def order_input(resolution: Resolution) -> dict[str, Any]:
    """OrderCreateOrderInput of a replacement: the same goods, fully discounted, nothing to pay."""
    claim = resolution.claim
    order = claim.order
    code = f"CLAIM-{claim.public_id[-8:]}".upper()
    fields: dict[str, Any] = {
        "currency": order.currency,
        "lineItems": [_line(line) for line in resolution.lines],
        "shippingLines": [
            {
                "title": "Replacement shipping",
                "code": "CLAIM",
                "priceSet": {"shopMoney": {"amount": "0.00", "currencyCode": order.currency}},
            }
        ],
        "discountCode": {"itemPercentageDiscountCode": {"code": code, "percentage": 100}},
        "tags": ["replacement", f"claim:{claim.public_id}"],
        "note": f"Replacement for {order.name}, claim {claim.public_id}",
        "customAttributes": [
            {"key": "claim", "value": claim.public_id},
            {"key": "replaces_order", "value": order.name},
        ],
        "sourceIdentifier": str(resolution.uuid),
        "metafields": [{"namespace": "$app", "key": KEY, "type": "id", "value": str(resolution.uuid)}],
        "test": order.test,
    }
    if order.email:
        fields["email"] = order.email
    if order.customer and not order.customer.deleted_at:
        fields["customer"] = {"toAssociate": {"id": gid("Customer", order.customer.remote_id)}}
    if address := claim.ship_to or order.shipping_address:
        fields["shippingAddress"] = _address(address)
    return fields


def _line(line: dict[str, Any]) -> dict[str, Any]:
    price = line["unit_price"]
    fields: dict[str, Any] = {
        "quantity": line["quantity"],
        "requiresShipping": True,  # Shopify's default is False: nothing would be sent
        "priceSet": {"shopMoney": {"amount": price["amount"], "currencyCode": price["currency"]}},
        "properties": [{"name": "_replaces_line", "value": str(line["remote_id"])}],
    }
    if line["variant_id"]:
        return fields | {"variantId": gid("ProductVariant", line["variant_id"])}
    return fields | {"title": line["title"]}  # a custom line, or its product was deleted


def _address(address: dict[str, str]) -> dict[str, str]:
    names = {
        "firstName": "first_name", "lastName": "last_name", "company": "company", "address1": "address1",
        "address2": "address2", "city": "city", "provinceCode": "province_code", "countryCode": "country_code",
        "zip": "zip", "phone": "phone",
    }  # fmt: skip
    return {name: address[ours] for name, ours in names.items() if address.get(ours)}
