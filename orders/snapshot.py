"""OrderSnapshot: the one shape in which an outside order arrives, whatever system it comes from.

Frozen, complete and already translated: text instead of enums (an unknown status is stored as it came), Decimals
instead of strings, None where the outside said nothing. `orders.intake.apply_snapshot` is the only consumer.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from orders.money import MoneyBag

Amounts = dict[str, MoneyBag]


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as the shop gave it; every part may be missing."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    province: str = ""
    province_code: str = ""
    zip: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    remote_id: int
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LineSnapshot:
    """One line of an order. `quantity` is what was bought; `current_quantity` what is left after edits and refunds."""

    remote_id: int
    title: str
    quantity: int
    current_quantity: int
    amounts: Amounts  # unit_price, discount (of the whole line), tax (of the whole line)
    variant_title: str = ""
    sku: str = ""
    vendor: str = ""
    variant_id: int | None = None
    product_id: int | None = None
    requires_shipping: bool = True
    taxable: bool = True
    gift_card: bool = False
    tip: bool = False
    fulfillment_status: str | None = None  # None: this source does not say, keep what we know
    group: dict[str, Any] | None = None  # the bundle it is a part of: {"id", "title", "quantity"}
    properties: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class QuantityOfLine:
    """So many units of the line with this remote id."""

    line_remote_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class TrackingSnapshot:
    """One scan of a parcel."""

    remote_id: int
    fulfillment_remote_id: int
    status: str
    happened_at: datetime
    message: str = ""
    city: str = ""
    province: str = ""
    country: str = ""
    zip: str = ""
    estimated_delivery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FulfillmentSnapshot:
    remote_id: int
    status: str
    lines: list[QuantityOfLine]
    scans: list[TrackingSnapshot] | None = None  # None: this source does not say, keep what we know
    name: str = ""
    shipment_status: str | None = None  # None: this source does not say, keep what we know
    tracking_company: str = ""
    tracking_numbers: list[str] = field(default_factory=list)
    tracking_urls: list[str] = field(default_factory=list)
    location_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundLineSnapshot:
    line_remote_id: int
    quantity: int
    restock_type: str
    amounts: Amounts  # subtotal, tax


@dataclass(frozen=True, slots=True)
class AdjustmentSnapshot:
    """A part of a refund that is no line: `kind` is shipping, duties or adjustment (a discrepancy, with its reason)."""

    kind: str
    amounts: Amounts  # amount, tax
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund as recorded; money moved only where a transaction in `transactions` succeeded."""

    remote_id: int
    lines: list[RefundLineSnapshot]
    note: str = ""
    created_at: datetime | None = None
    processed_at: datetime | None = None
    transactions: list[dict[str, Any]] = field(default_factory=list)
    adjustments: list[AdjustmentSnapshot] | None = None  # None: this source does not say, keep what we know
    return_remote_id: int | None = None


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """One movement of money, or a try at one: Shopify's order transaction."""

    remote_id: int
    kind: str
    status: str
    amount: MoneyBag
    gateway: str = ""
    parent_remote_id: int | None = None
    test: bool = False
    created_at: datetime | None = None
    processed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartOfLine:
    """So many units of a line in a fulfillment order, and how many of them are still to be sent."""

    remote_id: int
    line_remote_id: int
    total: int
    remaining: int


@dataclass(frozen=True, slots=True)
class HoldSnapshot:
    """Why a fulfillment order must not be sent yet; `ours` when this app set it. The id is Shopify's whole gid."""

    id: str
    reason: str
    notes: str = ""
    handle: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class FulfillmentOrderSnapshot:
    """Work for one location, at one moment of its own clock: it does not move the order's."""

    remote_id: int
    status: str
    lines: list[PartOfLine]
    request_status: str = ""
    location_id: int | None = None
    location_name: str = ""
    delivery_method: str = ""
    destination: Address | None = None
    holds: list[HoldSnapshot] = field(default_factory=list)
    supported_actions: list[str] = field(default_factory=list)
    fulfill_at: datetime | None = None
    fulfill_by: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReturnLineSnapshot:
    """Units on their way back; the line is None for goods that were not on this order."""

    remote_id: int
    line_remote_id: int | None
    quantity: int
    processed: int = 0
    refunded: int = 0
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReturnSnapshot:
    """A return as recorded; `exchanges` is [{"id", "lines": [remote line ids], "quantity"}]."""

    remote_id: int
    name: str
    status: str
    lines: list[ReturnLineSnapshot]
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    decline_reason: str = ""
    created_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShippingLineSnapshot:
    """A chosen way of shipping and its price before discounts."""

    remote_id: int
    title: str
    price: MoneyBag
    code: str = ""
    removed: bool = False


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """A whole order at one moment of the outside's clock (`updated_at`).

    None means that this source does not say: what we know is kept.
    """

    remote_id: int
    name: str
    created_at: datetime
    updated_at: datetime
    currency: str
    presentment_currency: str
    amounts: Amounts  # total, subtotal, discounts, tax, shipping, current_total, …
    lines: list[LineSnapshot]
    number: int | None = None
    email: str = ""
    phone: str = ""
    note: str = ""
    tags: list[str] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    test: bool = False
    source_name: str = ""
    source_identifier: str = ""
    processed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    closed_at: datetime | None = None
    financial_status: str = ""
    fulfillment_status: str = ""
    customer: CustomerSnapshot | None = None
    customer_known: bool = True  # False: this source may not see customers, keep what we know
    shipping_address: Address | None = None
    billing_address: Address | None = None
    fulfillments: list[FulfillmentSnapshot] = field(default_factory=list)
    refunds: list[RefundSnapshot] = field(default_factory=list)
    payments: list[PaymentSnapshot] | None = None
    fulfillment_orders: list[FulfillmentOrderSnapshot] | None = None
    returns: list[ReturnSnapshot] | None = None
    shipping_lines: list[ShippingLineSnapshot] | None = None
    discount_codes: list[str] | None = None
    confirmation_number: str | None = None
    po_number: str | None = None
    customer_locale: str | None = None
    risk: str | None = None
    return_status: str | None = None
    taxes_included: bool | None = None
    discrepancy: Decimal | None = None  # total less the sum of its parts, in shop currency; None: cannot be judged
