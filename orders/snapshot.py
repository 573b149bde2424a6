"""OrderSnapshot: the one shape in which an outside order arrives, whatever system it comes from.

Frozen, complete and already translated: text instead of enums (an unknown status is stored as it came), Decimals
instead of strings, None where the outside said nothing. `orders.intake.apply_snapshot` is the only consumer.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
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
    properties: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class QuantityOfLine:
    """So many units of the line with this remote id."""

    line_remote_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class FulfillmentSnapshot:
    remote_id: int
    status: str
    lines: list[QuantityOfLine]
    name: str = ""
    shipment_status: str | None = None  # None: this source does not say, keep what we know
    tracking_company: str = ""
    tracking_numbers: list[str] = field(default_factory=list)
    tracking_urls: list[str] = field(default_factory=list)
    location_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class RefundLineSnapshot:
    line_remote_id: int
    quantity: int
    restock_type: str
    amounts: Amounts  # subtotal, tax


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund as recorded; money moved only where a transaction in `transactions` succeeded."""

    remote_id: int
    lines: list[RefundLineSnapshot]
    note: str = ""
    created_at: datetime | None = None
    processed_at: datetime | None = None
    transactions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """A whole order at one moment of the outside's clock (`updated_at`)."""

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
    shipping_address: Address | None = None
    billing_address: Address | None = None
    fulfillments: list[FulfillmentSnapshot] = field(default_factory=list)
    refunds: list[RefundSnapshot] = field(default_factory=list)
